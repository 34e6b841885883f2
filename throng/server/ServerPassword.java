package throng;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.MessageDigest;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/**
 * Whether a client of the server knows its password (throng/server/password.py). The file is read at
 * each connection, so that a new password holds at once. Compiled when the server starts, by Janino.
 */
public class ServerPassword implements PasswdAuthenticationProvider {

    public void Authenticate(String user, String password) throws AuthenticationException {
        String wanted;
        try {
            byte[] file = Files.readAllBytes(Paths.get(System.getProperty("throng.password.file"), new String[0]));
            wanted = new String(file, StandardCharsets.US_ASCII).trim();
        } catch (Exception error) {
            throw new AuthenticationException("The password file cannot be read.");
        }
        // Digests are of equal length: how long the comparison takes says nothing of the password.
        boolean isKnown = wanted.length() > 0
            && MessageDigest.isEqual(digest(wanted), digest(password == null ? "" : password));
        if (!isKnown) {
            throw new AuthenticationException("Wrong password.");
        }
    }

    private static byte[] digest(String text) throws AuthenticationException {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (java.security.NoSuchAlgorithmException error) {
            throw new AuthenticationException("This Java has no SHA-256.");
        }
    }
}
