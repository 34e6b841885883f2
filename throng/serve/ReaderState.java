package throng;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who may read what: users, roles, and the tables that are in force, all of one moment. The driver
 * (throng/serve/driver.py) hands over a new state when roles.yml or the release has changed; whoever
 * works with a state keeps it, so that a statement never sees a mix of two.
 */
public class ReaderState {

    private static volatile ReaderState current = new ReaderState();

    /** Name to hash and role. */
    private final Map users = new HashMap();
    /** Name of a role to Role. */
    private final Map roles = new HashMap();
    public int mostRows = 1000000;
    public int mostStatementsOfUser = 4;
    public int mostStatements = 16;
    public int secondsOfStatement = 300;

    /** A role, and the marts that it may see. */
    public static class Role {
        public final String name;
        /** Name of a mart to Mart, in order. */
        public final Map marts = new TreeMap();

        public Role(String name) {
            this.name = name;
        }

        public Mart mart(String mart) {
            return (Mart) marts.get(mart.toLowerCase());
        }
    }

    /** A mart as a role sees it, and the table of Spark that holds these rows. */
    public static class Mart {
        public final String name;
        public final String schema;
        public final String table;
        public final String comment;
        /** Name, type and comment of each column: String[3]. */
        public final List columns = new ArrayList();

        public Mart(String name, String schema, String table, String comment) {
            this.name = name;
            this.schema = schema;
            this.table = table;
            this.comment = comment;
        }
    }

    public static ReaderState current() {
        return current;
    }

    /** Put a new state in force; of JSON as the driver writes it. */
    public static void set(String json) throws Exception {
        JsonNode root = new ObjectMapper().readTree(json);
        ReaderState state = new ReaderState();
        Iterator users = root.get("users").fieldNames();
        while (users.hasNext()) {
            String name = (String) users.next();
            JsonNode user = root.get("users").get(name);
            state.users.put(
                name, new String[] {user.get("role").asText(), user.get("password").asText()});
        }
        Iterator roles = root.get("roles").fieldNames();
        while (roles.hasNext()) {
            String name = (String) roles.next();
            state.roles.put(name, roleOf(name, root.get("roles").get(name)));
        }
        JsonNode limits = root.get("limits");
        state.mostRows = limits.get("rows").asInt();
        state.mostStatementsOfUser = limits.get("statements_of_user").asInt();
        state.mostStatements = limits.get("statements").asInt();
        state.secondsOfStatement = limits.get("seconds").asInt();
        current = state;
    }

    private static Role roleOf(String name, JsonNode json) {
        Role role = new Role(name);
        Iterator marts = json.get("marts").fieldNames();
        while (marts.hasNext()) {
            String mart = (String) marts.next();
            JsonNode told = json.get("marts").get(mart);
            Mart one = new Mart(
                mart, told.get("schema").asText(), told.get("table").asText(),
                told.get("comment").asText());
            Iterator columns = told.get("columns").iterator();
            while (columns.hasNext()) {
                JsonNode column = (JsonNode) columns.next();
                one.columns.add(new String[] {
                    text(column, 0), text(column, 1), text(column, 2)});
            }
            role.marts.put(mart, one);
        }
        return role;
    }

    private static String text(JsonNode list, int place) {
        return ((JsonNode) list.get(place)).asText();
    }

    /** The hash of a user's password, or null for who is no user. */
    public String hashOf(String user) {
        String[] found = (String[]) users.get(user);
        return found == null ? null : found[1];
    }

    /** The role of a user, or null for who is no user. */
    public Role roleOf(String user) {
        String[] found = user == null ? null : (String[]) users.get(user);
        return found == null ? null : (Role) roles.get(found[0]);
    }
}
