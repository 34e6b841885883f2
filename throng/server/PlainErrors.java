package throng;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hive.service.auth.TSetIpAddressProcessor;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusResp;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.thrift.TProcessorFactory;
import org.apache.thrift.server.TServer;

/**
 * Errors as users can read them. HiveServer2 answers a statement that failed with Java's whole stack,
 * 100 to 1,200 lines; this stands between it and its clients and leaves the reason. The log of the
 * server has the rest.
 */
public class PlainErrors implements InvocationHandler {

    private static final int MOST_CHARACTERS = 1500;
    private static final String MORE = "\nThe log of the server has the whole error: throng server logs";
    /** What Spark calls an error, such as [FAILED_READ_FILE.NO_HINT]. */
    private static final Pattern CONDITION = Pattern.compile("\\[[A-Z][A-Z0-9_]+(\\.[A-Z0-9_]+)*\\] ");
    private static final Pattern CLASS_NAME =
        Pattern.compile("^(Caused by: )?((?:[\\w$]+\\.)+)([\\w$]*(?:Exception|Error|Throwable)[\\w$]*)(: |$)");
    private static final Pattern WRAPPING = Pattern.compile(
        "^(Error running query: (\\[[A-Z0-9_.]+\\] )?"
        + "|Job aborted due to stage failure: .* most recent failure: Lost task .*?\\): "
        + "|Job aborted due to stage failure: "
        + "|Error operating \\w+: )");

    private final Object service;

    public PlainErrors(Object service) {
        this.service = service;
    }

    /** Put this before a Thrift service that has started (ThriftBinaryCLIService). */
    public static void install(Object service) throws Exception {
        standBefore(service, new PlainErrors(service));
    }

    /** Let a Thrift service that has started hand its calls to a handler. */
    public static void standBefore(Object service, InvocationHandler handler) throws Exception {
        Object proxy = Proxy.newProxyInstance(
            TCLIService.class.getClassLoader(), new Class[] {TCLIService.Iface.class}, handler);
        Field server = service.getClass().getDeclaredField("server");
        server.setAccessible(true);
        Field factory = TServer.class.getDeclaredField("processorFactory_");
        factory.setAccessible(true);
        factory.set(
            server.get(service),
            new TProcessorFactory(new TSetIpAddressProcessor((TCLIService.Iface) proxy)));
    }

    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        Object response;
        try {
            response = method.invoke(service, arguments);
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
        if (response instanceof TGetOperationStatusResp) {
            TGetOperationStatusResp answer = (TGetOperationStatusResp) response;
            if (answer.getErrorMessage() != null) {
                answer.setErrorMessage(reason(answer.getErrorMessage()));
            }
        }
        Object status = statusOf(response);
        if (status instanceof TStatus && ((TStatus) status).getErrorMessage() != null) {
            TStatus told = new TStatus((TStatus) status);
            told.setErrorMessage(reason(told.getErrorMessage()));
            told.unsetInfoMessages();
            response.getClass().getMethod("setStatus", new Class[] {TStatus.class})
                .invoke(response, new Object[] {told});
        }
        return response;
    }

    private static Object statusOf(Object response) throws Exception {
        try {
            return response.getClass().getMethod("getStatus", new Class[0])
                .invoke(response, new Object[0]);
        } catch (NoSuchMethodException error) {
            return null; // an answer without a status has no error either
        }
    }

    /** The reason in a text of Java: the message of the deepest error of Spark, and its cause. */
    public static String reason(String text) {
        String said = "";
        String cause = "";
        StringBuilder message = new StringBuilder();
        boolean isMessage = true;
        String[] lines = text.split("\r?\n");
        for (int i = 0; i <= lines.length; i++) {
            String line = i < lines.length ? lines[i] : "Caused by: ";
            boolean isStack = line.startsWith("\tat ") || line.startsWith("\t... ")
                || line.startsWith("Driver stacktrace:");
            boolean isNext = line.startsWith("Caused by: ");
            if ((isStack || isNext) && isMessage) {
                String one = plain(message.toString());
                if (one.length() > 0) {
                    cause = one;
                    if (said.length() == 0 || CONDITION.matcher(one).find()) {
                        said = one;
                    }
                }
                message.setLength(0);
                isMessage = false;
            }
            if (isNext) {
                isMessage = true;
            }
            if (isMessage && !isStack) {
                message.append(line).append('\n');
            }
        }
        if (!said.contains(cause) && !cause.contains(said)) {
            said = said + "\n" + cause;
        }
        boolean isCut = said.length() + 50 < text.length();
        if (said.length() > MOST_CHARACTERS) {
            said = said.substring(0, MOST_CHARACTERS) + " ...";
        }
        return said + (isCut && !said.endsWith(MORE) ? MORE : "");
    }

    /** Whether the class of an error says less than its message: that of Spark and Hive themselves. */
    private static boolean ofSpark(String text) {
        return text.matches("(?s)(Caused by: )?org\\.apache\\.(spark|hive)\\..*?: .*");
    }

    /** One message without names of classes, Python's stack, plans and the statement. */
    private static String plain(String message) {
        String text = message.trim();
        boolean isShorter = true;
        while (isShorter) {
            String before = text;
            text = CLASS_NAME.matcher(text).replaceFirst(ofSpark(text) ? "" : "$3$4");
            text = WRAPPING.matcher(text).replaceFirst("");
            isShorter = text.length() < before.length();
        }
        StringBuilder kept = new StringBuilder();
        String[] lines = text.split("\n");
        boolean isPython = false;
        for (int i = 0; i < lines.length; i++) {
            String line = lines[i];
            if (line.trim().startsWith("Traceback (most recent call last)")) {
                isPython = true;
                continue;
            }
            if (line.startsWith("== ") || line.startsWith("'") || line.startsWith("+- ")) {
                break; // the statement, or a plan
            }
            boolean isStackOfPython = isPython && (line.startsWith(" ") || line.startsWith("\t"));
            if (line.trim().length() > 0 && !isStackOfPython) {
                kept.append(kept.length() > 0 ? "\n" : "").append(line);
            }
            if (line.matches(".*; line \\d+ pos \\d+;?")) {
                break; // what follows is a plan
            }
        }
        return kept.toString().trim();
    }
}
