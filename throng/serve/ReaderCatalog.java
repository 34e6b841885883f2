package throng;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a role is told of its tables, as queries that read no catalog: the names, columns and comments
 * stand in them.
 */
public class ReaderCatalog {

    public static String tables(ReaderState.Role role, String pattern) {
        List rows = new ArrayList();
        Iterator marts = role.marts.values().iterator();
        while (marts.hasNext()) {
            String name = ((ReaderState.Mart) marts.next()).name;
            if (pattern == null || matches(pattern, name, "*", null)) {
                rows.add("'marts', " + text(name) + ", false");
            }
        }
        return query("namespace, tableName, isTemporary", rows, "'', '', false");
    }

    public static String noTables() {
        return query("namespace, tableName, isTemporary", new ArrayList(), "'', '', false");
    }

    /** The answer of a statement that has none. */
    public static String nothing() {
        return "select '' as result where false";
    }

    public static String columns(ReaderState.Mart mart) {
        List rows = new ArrayList();
        for (int i = 0; i < mart.columns.size(); i++) {
            rows.add(text(((String[]) mart.columns.get(i))[0]));
        }
        return query("col_name", rows, "''");
    }

    public static String describe(ReaderState.Mart mart, boolean isExtended) {
        List rows = new ArrayList();
        for (int i = 0; i < mart.columns.size(); i++) {
            String[] column = (String[]) mart.columns.get(i);
            rows.add(text(column[0]) + ", " + text(column[1]) + ", " + text(column[2]));
        }
        if (isExtended) {
            rows.add("'', '', ''");
            rows.add("'# Detailed Table Information', '', ''");
            rows.add("'Database', 'marts', ''");
            rows.add("'Table', " + text(mart.name) + ", ''");
            rows.add("'Comment', " + text(mart.comment) + ", ''");
        }
        return query("col_name, data_type, comment", rows, "'', '', ''");
    }

    // What JDBC asks for by calls of their own, in JDBC's columns -------------------------------

    public static String jdbcSchemas(String pattern) {
        List rows = new ArrayList();
        if (matches(pattern, "marts", "%", "_")) {
            rows.add("'marts', ''");
        }
        return query("TABLE_SCHEM, TABLE_CATALOG", rows, "'', ''");
    }

    public static String jdbcTables(ReaderState.Role role, String schema, String table) {
        List rows = new ArrayList();
        Iterator marts = role.marts.values().iterator();
        while (marts.hasNext() && matches(schema, "marts", "%", "_")) {
            ReaderState.Mart mart = (ReaderState.Mart) marts.next();
            if (matches(table, mart.name, "%", "_")) {
                rows.add("'', 'marts', " + text(mart.name) + ", 'TABLE', " + text(mart.comment)
                    + ", null, null, null, null, null");
            }
        }
        return query(
            "TABLE_CAT, TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, REMARKS, TYPE_CAT, TYPE_SCHEM, "
            + "TYPE_NAME, SELF_REFERENCING_COL_NAME, REF_GENERATION",
            rows,
            "'', '', '', '', '', '', '', '', '', ''");
    }

    public static String jdbcColumns(
        ReaderState.Role role, String schema, String table, String column) {
        List rows = new ArrayList();
        Iterator marts = role.marts.values().iterator();
        while (marts.hasNext() && matches(schema, "marts", "%", "_")) {
            ReaderState.Mart mart = (ReaderState.Mart) marts.next();
            if (!matches(table, mart.name, "%", "_")) {
                continue;
            }
            for (int i = 0; i < mart.columns.size(); i++) {
                String[] one = (String[]) mart.columns.get(i);
                if (matches(column, one[0], "%", "_")) {
                    rows.add("'', 'marts', " + text(mart.name) + ", " + text(one[0]) + ", "
                        + jdbcType(one[1]) + ", " + text(one[1].toUpperCase())
                        + ", null, null, null, 10, 1, " + text(one[2])
                        + ", null, null, null, null, " + (i + 1) + ", 'YES', null, null, null, null, "
                        + "'NO'");
                }
            }
        }
        return query(
            "TABLE_CAT, TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, DATA_TYPE, TYPE_NAME, COLUMN_SIZE, "
            + "BUFFER_LENGTH, DECIMAL_DIGITS, NUM_PREC_RADIX, NULLABLE, REMARKS, COLUMN_DEF, "
            + "SQL_DATA_TYPE, SQL_DATETIME_SUB, CHAR_OCTET_LENGTH, ORDINAL_POSITION, IS_NULLABLE, "
            + "SCOPE_CATALOG, SCOPE_SCHEMA, SCOPE_TABLE, SOURCE_DATA_TYPE, IS_AUTO_INCREMENT",
            rows,
            "'', '', '', '', 0, '', 0, 0, 0, 0, 0, '', '', 0, 0, 0, 0, '', '', '', '', 0, ''");
    }

    /** Functions have their list in docs/security.md; no reader can add one. */
    public static String jdbcFunctions() {
        return query(
            "FUNCTION_CAT, FUNCTION_SCHEM, FUNCTION_NAME, REMARKS, FUNCTION_TYPE, SPECIFIC_NAME",
            new ArrayList(),
            "'', '', '', '', 0, ''");
    }

    private static int jdbcType(String type) {
        String name = type.toLowerCase().replaceAll("\\(.*", "");
        if (name.equals("string")) return java.sql.Types.VARCHAR;
        if (name.equals("bigint")) return java.sql.Types.BIGINT;
        if (name.equals("int")) return java.sql.Types.INTEGER;
        if (name.equals("smallint")) return java.sql.Types.SMALLINT;
        if (name.equals("tinyint")) return java.sql.Types.TINYINT;
        if (name.equals("double")) return java.sql.Types.DOUBLE;
        if (name.equals("float")) return java.sql.Types.FLOAT;
        if (name.equals("boolean")) return java.sql.Types.BOOLEAN;
        if (name.equals("date")) return java.sql.Types.DATE;
        if (name.equals("timestamp")) return java.sql.Types.TIMESTAMP;
        if (name.equals("decimal")) return java.sql.Types.DECIMAL;
        if (name.equals("binary")) return java.sql.Types.BINARY;
        return java.sql.Types.OTHER;
    }

    private static String query(String names, List rows, String oneOfItsTypes) {
        if (rows.isEmpty()) {
            return "select * from values (" + oneOfItsTypes + ") as catalog (" + names
                + ") where false";
        }
        StringBuilder text = new StringBuilder("select * from values ");
        for (int i = 0; i < rows.size(); i++) {
            text.append(i == 0 ? "(" : ", (").append(rows.get(i)).append(")");
        }
        return text.append(" as catalog (").append(names).append(")").toString();
    }

    private static String text(String value) {
        String safe = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ");
        return "'" + safe + "'";
    }

    /** Whether a name matches a pattern; null and "" match all. Alternatives by | as in Hive. */
    private static boolean matches(String pattern, String name, String many, String one) {
        if (pattern == null || pattern.length() == 0 || pattern.length() > 200) {
            return pattern == null || pattern.length() == 0;
        }
        StringBuilder regex = new StringBuilder();
        String bare = one == null ? pattern : pattern.replace("\\_", "_").replace("\\%", "%");
        for (int i = 0; i < bare.length(); i++) {
            String letter = bare.substring(i, i + 1);
            if (letter.equals(many) || letter.equals("*")) {
                if (!regex.toString().endsWith(".*")) {
                    regex.append(".*");
                }
            } else if (letter.equals(one) || letter.equals(".") && one == null) {
                regex.append(".");
            } else if (letter.equals("|") && one == null) {
                regex.append("|");
            } else {
                regex.append(Pattern.quote(letter));
            }
        }
        if (regex.toString().split("\\.\\*", -1).length > 6) {
            return false; // no name of a table needs so many
        }
        return Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE).matcher(name).matches();
    }
}
