package throng;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.AuthenticationProviderFactory;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/**
 * Whether a reader knows the password that roles.yml has the hash of (throng/serve/roles.py). Who is
 * no user is refused by the same sentence, after the same work. After five wrong passwords a user has
 * to wait: 1 s, then twice as long each time, 30 s at most; until then no password is looked at.
 * Of users whose hash is the word ldap an LDAP server is asked, by Hive's own provider.
 */
public class ReaderPassword implements PasswdAuthenticationProvider {

    private static final String REFUSED = "Wrong user or password.";
    private static final int FREE_FAILURES = 5;
    private static final long LONGEST_WAIT_MS = 30000L;
    private static final int MOST_USERS = 10000;
    /** What unknown users are checked against: of the cost of a real one; no password has this hash. */
    private static final String NOBODY =
        "pbkdf2_sha256$310000$dGhlIHNhbHQgb2Ygbm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    /** User to failures in a row and the end of the wait: long[2]. */
    private static final Map FAILED = new HashMap();
    /** Two at a time: a hash takes a tenth of a second of a core, and readers need cores too. */
    private static final Semaphore WORK = new Semaphore(2, true);
    /** Questions to the LDAP server at a time: one that does not answer takes no more threads. */
    private static final Semaphore ASKED = new Semaphore(32);

    public void Authenticate(String user, String password) throws AuthenticationException {
        String name = user == null ? "" : user;
        if (mustWait(name)) {
            ReaderAudit.refusedLogin(name, "too many wrong passwords");
            throw new AuthenticationException(REFUSED);
        }
        String hash = ReaderState.current().hashOf(name);
        boolean isRight = "ldap".equals(hash)
            ? isRightByLdap(name, password)
            : isRightByHash(hash == null ? NOBODY : hash, password == null ? "" : password);
        if (hash == null || !isRight) {
            failed(name);
            ReaderAudit.refusedLogin(name, "wrong user or password");
            throw new AuthenticationException(REFUSED);
        }
        synchronized (FAILED) {
            FAILED.remove(name);
        }
    }

    private static boolean isRightByHash(String hash, String password)
        throws AuthenticationException {
        WORK.acquireUninterruptibly();
        try {
            return matches(hash, password);
        } finally {
            WORK.release();
        }
    }

    private static boolean isRightByLdap(String user, String password) {
        if (System.getProperty("hive.server2.authentication.ldap.url") == null) {
            System.err.println("The password of " + user + " is in LDAP, and there is no --ldap-url.");
            return false;
        }
        if (!ASKED.tryAcquire()) {
            System.err.println("The LDAP server keeps too many logins waiting.");
            return false;
        }
        try {
            // It refuses an empty password, which an LDAP server would take for no login at all.
            AuthenticationProviderFactory
                .getAuthenticationProvider(AuthenticationProviderFactory.AuthMethods.LDAP)
                .Authenticate(user, password);
            return true;
        } catch (AuthenticationException error) {
            System.err.println("LDAP refuses " + user + ": " + error.getCause());
            return false;
        } finally {
            ASKED.release();
        }
    }

    private static boolean mustWait(String user) {
        synchronized (FAILED) {
            long[] found = (long[]) FAILED.get(user);
            return found != null && found[1] > System.currentTimeMillis();
        }
    }

    private static void failed(String user) {
        synchronized (FAILED) {
            if (FAILED.size() > MOST_USERS) {
                FAILED.clear(); // names that somebody made up
            }
            long[] found = (long[]) FAILED.get(user);
            long failures = found == null ? 1L : found[0] + 1L;
            long wait = 0L;
            if (failures >= FREE_FAILURES) {
                long doubled = 1000L << (int) Math.min(failures - FREE_FAILURES, 10L);
                wait = System.currentTimeMillis() + Math.min(doubled, LONGEST_WAIT_MS);
            }
            FAILED.put(user, new long[] {failures, wait});
        }
    }

    /** Whether a password has a hash of the form pbkdf2_sha256$iterations$salt$hash. */
    public static boolean matches(String hash, String password) throws AuthenticationException {
        try {
            String[] parts = hash.split("\\$");
            byte[] salt = Base64.getDecoder().decode(parts[2]);
            byte[] wanted = Base64.getDecoder().decode(parts[3]);
            // Java refuses an empty password; no user has one.
            char[] given = password.length() == 0 ? new char[] {'\0'} : password.toCharArray();
            PBEKeySpec spec =
                new PBEKeySpec(given, salt, Integer.parseInt(parts[1]), 8 * wanted.length);
            byte[] found =
                SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
            return MessageDigest.isEqual(wanted, found);
        } catch (Exception error) {
            throw new AuthenticationException(REFUSED);
        }
    }
}
