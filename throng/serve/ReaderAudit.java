package throng;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.CopyOption;
import java.nio.file.LinkOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One JSON line for each statement and each refused login, in audit.jsonl. A full file becomes
 * audit.1.jsonl, that one audit.2.jsonl; the oldest goes.
 */
public class ReaderAudit {

    private static final int MOST_CHARACTERS = 10000;
    private static final int KEPT_FILES = 20;
    private static final OpenOption[] APPEND =
        new OpenOption[] {StandardOpenOption.CREATE, StandardOpenOption.APPEND};

    public static void refusedLogin(String user, String reason) {
        Map line = line("login", user, null);
        line.put("refused", Boolean.TRUE);
        line.put("reason", reason);
        write(line);
    }

    /** The first fields of a line; the address is that of a call, as Hive knows it. */
    public static Map line(String event, String user, String address) {
        Map line = new LinkedHashMap();
        line.put("time", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        line.put("event", event);
        line.put("user", cut(user));
        if (address != null) {
            line.put("address", ReaderDoor.clientAt(address));
        }
        return line;
    }

    public static String cut(String text) {
        return text == null || text.length() <= MOST_CHARACTERS
            ? text
            : text.substring(0, MOST_CHARACTERS) + " ...";
    }

    public static synchronized void write(Map line) {
        try {
            Path file = file(0);
            if (Files.exists(file, new LinkOption[0]) && Files.size(file) > mostBytes()) {
                for (int number = KEPT_FILES - 1; number >= 0; number--) {
                    if (Files.exists(file(number), new LinkOption[0])) {
                        Files.move(file(number), file(number + 1),
                            new CopyOption[] {StandardCopyOption.REPLACE_EXISTING});
                    }
                }
            }
            String text = new ObjectMapper().writeValueAsString(line) + "\n";
            Files.write(file, text.getBytes(StandardCharsets.UTF_8), APPEND);
        } catch (IOException error) {
            // The server goes on where the disk is full: readers do no harm that only a line stops.
            System.err.println("The audit cannot be written: " + error);
        }
    }

    private static long mostBytes() {
        return Long.getLong("throng.audit.bytes", 10000000L).longValue();
    }

    private static Path file(int number) {
        return Paths.get(
            System.getProperty("throng.audit.folder"),
            new String[] {number == 0 ? "audit.jsonl" : "audit." + number + ".jsonl"});
    }
}
