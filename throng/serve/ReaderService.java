package throng;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hive.service.auth.TSetIpAddressProcessor;
import org.apache.hive.service.cli.OperationHandle;
import org.apache.hive.service.cli.OperationState;
import org.apache.hive.service.cli.SessionHandle;
import org.apache.hive.service.cli.operation.ExecuteStatementOperation;
import org.apache.hive.service.cli.operation.Operation;
import org.apache.hive.service.cli.operation.OperationManager;
import org.apache.hive.service.rpc.thrift.TCLIService;
import org.apache.hive.service.rpc.thrift.TCloseOperationReq;
import org.apache.hive.service.rpc.thrift.TColumn;
import org.apache.hive.service.rpc.thrift.TExecuteStatementReq;
import org.apache.hive.service.rpc.thrift.TExecuteStatementResp;
import org.apache.hive.service.rpc.thrift.TFetchResultsReq;
import org.apache.hive.service.rpc.thrift.TFetchResultsResp;
import org.apache.hive.service.rpc.thrift.TGetColumnsReq;
import org.apache.hive.service.rpc.thrift.TGetInfoResp;
import org.apache.hive.service.rpc.thrift.TGetInfoValue;
import org.apache.hive.service.rpc.thrift.TGetOperationStatusResp;
import org.apache.hive.service.rpc.thrift.TGetSchemasReq;
import org.apache.hive.service.rpc.thrift.TGetTablesReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionReq;
import org.apache.hive.service.rpc.thrift.TOpenSessionResp;
import org.apache.hive.service.rpc.thrift.TOperationHandle;
import org.apache.hive.service.rpc.thrift.TProtocolVersion;
import org.apache.hive.service.rpc.thrift.TRowSet;
import org.apache.hive.service.rpc.thrift.TSessionHandle;
import org.apache.hive.service.rpc.thrift.TStatus;
import org.apache.hive.service.rpc.thrift.TStatusCode;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.sql.SparkSession;

/**
 * Stands between the reader server and its clients. Each call is by the user of its connection: a
 * handle of somebody else's session or statement is not known to it. Calls about the catalog are
 * answered by ReaderCatalog, statements go past the guard (ReaderParser) before Spark sees them,
 * limits hold for them, and each is a line in the audit.
 */
public class ReaderService implements InvocationHandler {

    private static final int MOST_SESSIONS_OF_USER = 40;
    private static final int MOST_SESSIONS = 400;
    private static final int MOST_OPEN_OF_USER = 12;
    private static final int MOST_WAITING_OF_USER = 20;
    private static final int MOST_WAITING = 100;
    private static final Set OF_SESSIONS = new HashSet(Arrays.asList(
        "CloseSession GetInfo ExecuteStatement GetTypeInfo GetCatalogs GetSchemas GetTables "
        .concat("GetTableTypes GetColumns GetFunctions SetClientInfo").split(" ")));
    private static final Set OF_STATEMENTS = new HashSet(Arrays.asList(
        "GetOperationStatus CancelOperation CloseOperation GetResultSetMetadata FetchResults "
        .concat("GetQueryId").split(" ")));
    /** Settings that clients send when they connect, and that say nothing here. */
    private static final Set PASSED_OVER = new HashSet(Arrays.asList(
        "set:hiveconf:hive.server2.thrift.resultset.default.fetch.size "
        .concat("hive.server2.thrift.resultset.default.fetch.size").split(" ")));

    /** A session of a client. */
    private static class Session {
        final String user;
        /** Of the connection that opened it, as Hive knows it. */
        final String address;
        final SessionHandle handle;
        final SparkSession spark;

        Session(String user, String address, SessionHandle handle, SparkSession spark) {
            this.user = user;
            this.address = address;
            this.handle = handle;
            this.spark = spark;
        }
    }

    /** A statement of a client, from its start until it is closed. */
    private static class Statement {
        final String user;
        final String role;
        final String address;
        final String session;
        final String text;
        final Set tables;
        /** When it began to run, or was asked: it may have waited for its turn in between. */
        long startedAt = System.currentTimeMillis();
        long endedAt = 0L;
        long rows = 0L;
        boolean isSent = false;
        boolean isWritten = false;
        String error = null;
        OperationHandle handle = null;
        /** The longest that it may take: of the server, or less where the client says so. */
        long seconds = ReaderState.current().secondsOfStatement;

        Statement(
            String user, String role, String address, String session, String text, Set tables) {
            this.user = user;
            this.role = role;
            this.address = address;
            this.session = session;
            this.text = text;
            this.tables = tables;
        }
    }

    private final TCLIService.Iface service;
    private final OperationManager operations;
    private final Map sparkSessions;
    /** Handle to Session and to Statement. */
    private final Map sessions = new ConcurrentHashMap();
    private final Map statements = new ConcurrentHashMap();
    /** Operations of Spark that were seen: id of their jobs to operation. Of the sweeper alone. */
    private final Map operationsSeen = new HashMap();
    /** Statements that Spark has been given and has no handle for yet. */
    private final Set starting = new HashSet();
    /** Statements that wait for their turn, in order; guarded by `starting`. */
    private final List waiting = new ArrayList();

    public ReaderService(Object service, OperationManager operations, Map sparkSessions) {
        this.service = (TCLIService.Iface) service;
        this.operations = operations;
        this.sparkSessions = sparkSessions;
    }

    /** Put this before a Thrift service that has started (ThriftBinaryCLIService). */
    public static void install(Object service, Object operations, Object sparkSessions)
        throws Exception {
        final ReaderService readers =
            new ReaderService(service, (OperationManager) operations, (Map) sparkSessions);
        PlainErrors.standBefore(service, readers);
        Thread sweeper = new Thread("throng-sweeper") {
            public void run() {
                while (true) {
                    try {
                        Thread.sleep(500L);
                        readers.sweep();
                        readers.cancelAgain();
                    } catch (InterruptedException error) {
                        return;
                    } catch (Throwable error) {
                        System.err.println("The sweeper goes on after: " + error);
                    }
                }
            }
        };
        sweeper.setDaemon(true);
        sweeper.start();
    }

    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        Class kind = method.getReturnType();
        String user = TSetIpAddressProcessor.getUserName();
        ReaderState.Role role = ReaderState.current().roleOf(user);
        if (user == null || role == null && !name.startsWith("Close")) {
            return refused(kind, "This user may not read here any more.");
        }
        try {
            if (name.equals("OpenSession")) {
                return open(user, (TOpenSessionReq) arguments[0]);
            }
            if (OF_SESSIONS.contains(name)) {
                TSessionHandle handle = (TSessionHandle) get(arguments[0], "getSessionHandle");
                Session session = (Session) sessions.get(key(handle));
                if (session == null || !session.user.equals(user)) {
                    return refused(kind, "This session is not known: connect again.");
                }
                return ofSession(name, method, arguments[0], key(handle), session, role);
            }
            if (OF_STATEMENTS.contains(name)) {
                TOperationHandle handle =
                    (TOperationHandle) get(arguments[0], "getOperationHandle");
                Statement statement =
                    handle == null ? null : (Statement) statements.get(key(handle));
                if (statement == null || !statement.user.equals(user)) {
                    return refused(kind, "This statement is not known, or it was closed.");
                }
                return ofStatement(name, method, arguments[0], key(handle), statement);
            }
            return refused(kind, "This call is not for readers: " + name + ".");
        } catch (ReaderParser.Refusal refusal) {
            return refused(kind, refusal.getMessage());
        } catch (InvocationTargetException error) {
            throw error.getCause();
        }
    }

    // Sessions -------------------------------------------------------------------------------------

    private Object open(String user, TOpenSessionReq request) throws Exception {
        Map given = request.getConfiguration();
        Iterator keys = given == null ? new ArrayList().iterator() : given.keySet().iterator();
        while (keys.hasNext()) {
            String key = String.valueOf(keys.next());
            String value = String.valueOf(given.get(key));
            boolean isSchema = key.equals("use:database")
                && (value.equalsIgnoreCase("default") || value.equalsIgnoreCase("marts"));
            if (!isSchema && !PASSED_OVER.contains(key)) {
                audit("connect", user, null, key + "=" + value, null, 0L, 0L, true,
                    "setting of a session");
                return refused(TOpenSessionResp.class,
                    "The setting " + ReaderAudit.cut(key)
                    + " is not for readers: connect without it, to the schema marts.");
            }
        }
        int ofUser = 0;
        Iterator open = sessions.values().iterator();
        while (open.hasNext()) {
            ofUser += ((Session) open.next()).user.equals(user) ? 1 : 0;
        }
        if (ofUser >= MOST_SESSIONS_OF_USER || sessions.size() >= MOST_SESSIONS) {
            return refused(TOpenSessionResp.class,
                "There are too many connections at once: close some, or try again later.");
        }
        TOpenSessionReq plain = new TOpenSessionReq(request.getClient_protocol());
        plain.setUsername(user);
        plain.setConfiguration(new HashMap());
        TOpenSessionResp response = service.OpenSession(plain);
        if (response.getSessionHandle() != null) {
            SessionHandle handle = new SessionHandle(response.getSessionHandle());
            SparkSession spark = (SparkSession) sparkSessions.get(handle);
            ReaderParser.register(spark, user);
            // A user's jobs wait for one another, not for those of others.
            spark.conf().set("spark.sql.thriftserver.scheduler.pool", user);
            String address = TSetIpAddressProcessor.getUserIpAddress();
            sessions.put(
                key(response.getSessionHandle()), new Session(user, address, handle, spark));
            ReaderDoor.countSession(address, 1);
            // What the server says of its settings is not for readers.
            response.setConfiguration(new HashMap());
        }
        return told(response);
    }

    private Object ofSession(
        String name, Method method, Object request, String key, Session session,
        ReaderState.Role role) throws Throwable {
        if (name.equals("ExecuteStatement")) {
            return execute((TExecuteStatementReq) request, key, session, role);
        }
        if (name.equals("GetSchemas")) {
            return catalog(method, request, key, session, role,
                ReaderCatalog.jdbcSchemas(((TGetSchemasReq) request).getSchemaName()));
        }
        if (name.equals("GetTables")) {
            TGetTablesReq asked = (TGetTablesReq) request;
            return catalog(method, request, key, session, role,
                ReaderCatalog.jdbcTables(role, asked.getSchemaName(), asked.getTableName()));
        }
        if (name.equals("GetColumns")) {
            TGetColumnsReq asked = (TGetColumnsReq) request;
            return catalog(method, request, key, session, role,
                ReaderCatalog.jdbcColumns(
                    role, asked.getSchemaName(), asked.getTableName(), asked.getColumnName()));
        }
        if (name.equals("GetFunctions")) {
            return catalog(method, request, key, session, role, ReaderCatalog.jdbcFunctions());
        }
        if (name.equals("GetCatalogs")) {
            return catalog(method, request, key, session, role,
                "select '' as TABLE_CAT where false");
        }
        if (name.equals("GetTableTypes")) {
            return catalog(method, request, key, session, role, "select 'TABLE' as TABLE_TYPE");
        }
        Object response = told(method.invoke(service, new Object[] {request}));
        if (name.equals("CloseSession")) {
            forget(key);
            sweep();
        }
        if (name.equals("GetTypeInfo") && get(response, "getOperationHandle") != null) {
            Statement types = new Statement(session.user, role.name, null, key, null, new TreeSet());
            types.isWritten = true; // the same list for everybody
            keep(types, (TOperationHandle) get(response, "getOperationHandle"));
        }
        return response;
    }

    // Statements -----------------------------------------------------------------------------------

    /** Answer a call about the catalog by a query over what the role may see. */
    private Object catalog(
        Method method, Object request, String key, Session session, ReaderState.Role role, String sql)
        throws Throwable {
        TExecuteStatementReq asked = new TExecuteStatementReq(
            (TSessionHandle) get(request, "getSessionHandle"), sql);
        Statement statement = new Statement(
            session.user, role.name, TSetIpAddressProcessor.getUserIpAddress(), key,
            method.getName(), new TreeSet());
        String sentence = begin(statement);
        if (sentence != null) {
            return refused(method.getReturnType(), sentence);
        }
        TExecuteStatementResp answer;
        ReaderParser.trust(sql);
        try {
            answer = run(asked, statement);
        } finally {
            ReaderParser.trust(null);
        }
        Object response = method.getReturnType().getConstructor(new Class[0]).newInstance(new Object[0]);
        set(response, "setStatus", TStatus.class, answer.getStatus());
        if (answer.getOperationHandle() != null) {
            set(response, "setOperationHandle", TOperationHandle.class, answer.getOperationHandle());
        }
        return response;
    }

    private Object execute(
        TExecuteStatementReq request, String key, Session session, ReaderState.Role role)
        throws Throwable {
        String text = request.getStatement() == null ? "" : request.getStatement();
        Set tables = new TreeSet();
        Statement statement = new Statement(
            session.user, role.name, TSetIpAddressProcessor.getUserIpAddress(), key, text, tables);
        String sentence = null;
        boolean isRefused = true;
        try {
            // Spark asks the guard again: this is for a quick answer, and for the audit.
            org.apache.spark.sql.classic.SparkSession spark =
                (org.apache.spark.sql.classic.SparkSession) session.spark;
            ((ReaderParser) spark.sessionState().sqlParser()).guarded(text, tables);
            if (request.getQueryTimeout() > 0L) {
                statement.seconds = Math.min(statement.seconds, request.getQueryTimeout());
            }
            sentence = begin(statement);
        } catch (ReaderParser.Refusal refusal) {
            sentence = refusal.getMessage();
        } catch (Exception error) {
            sentence = plain(String.valueOf(error.getMessage()));
            isRefused = false; // no SQL
        }
        if (sentence != null) {
            statement.error = sentence;
            statement.endedAt = System.currentTimeMillis();
            write(statement, isRefused);
            return refused(TExecuteStatementResp.class, sentence);
        }
        TExecuteStatementReq plain =
            new TExecuteStatementReq(request.getSessionHandle(), request.getStatement());
        plain.setRunAsync(request.isRunAsync());
        if (request.getQueryTimeout() > 0L) {
            plain.setQueryTimeout(request.getQueryTimeout());
        }
        return run(plain, statement);
    }

    private TExecuteStatementResp run(TExecuteStatementReq request, Statement statement)
        throws Exception {
        TExecuteStatementResp response = null;
        try {
            response = service.ExecuteStatement(request);
        } finally {
            synchronized (starting) {
                starting.remove(statement);
                if (response != null && response.getOperationHandle() != null) {
                    keep(statement, response.getOperationHandle());
                }
            }
        }
        told(response);
        if (response.getOperationHandle() == null) {
            statement.endedAt = System.currentTimeMillis();
            statement.error = response.getStatus().getErrorMessage();
            write(statement, false);
        } else if (!request.isRunAsync()) {
            look(statement);
        }
        return response;
    }

    private void keep(Statement statement, TOperationHandle handle) {
        statement.handle = new OperationHandle(handle);
        statements.put(key(handle), statement);
    }

    /**
     * Wait for the turn of a statement, as long as it may run, and count it among those that run; or
     * say why it may not begin.
     */
    private String begin(Statement begun) throws InterruptedException {
        long until = System.currentTimeMillis() + 1000L * begun.seconds;
        synchronized (starting) {
            if (open(begun.user) >= MOST_OPEN_OF_USER) {
                return "You have " + MOST_OPEN_OF_USER
                    + " results open, which is as many as one user may: close one.";
            }
            boolean mayWait =
                count(waiting, begun.user) < MOST_WAITING_OF_USER && waiting.size() < MOST_WAITING;
            waiting.add(begun);
            try {
                String sentence = tooMany(begun);
                while (sentence != null && mayWait && System.currentTimeMillis() < until) {
                    starting.wait(250L);
                    sentence = tooMany(begun);
                }
                if (ReaderState.current().roleOf(begun.user) == null) {
                    sentence = "This user may not read here any more.";
                }
                if (sentence == null) {
                    begun.startedAt = System.currentTimeMillis();
                    starting.add(begun);
                }
                return sentence;
            } finally {
                waiting.remove(begun);
            }
        }
    }

    /** Why a statement has to wait; those that asked before it come first. */
    private String tooMany(Statement begun) {
        ReaderState state = ReaderState.current();
        int ofUser = running(begun.user);
        int before = count(waiting.subList(0, waiting.indexOf(begun)), begun.user);
        if (ofUser + before >= state.mostStatementsOfUser) {
            return "You have " + ofUser + " statements running, which is as many as one user may: "
                + "wait until one has ended, or cancel it.";
        }
        int all = running(null);
        if (all >= state.mostStatements) {
            return "The server runs " + all + " statements, which is as many as it may: try again.";
        }
        return null;
    }

    /** How many statements run, of a user or of all (null). */
    private int running(String user) {
        List all = new ArrayList(starting);
        Iterator known = statements.values().iterator();
        while (known.hasNext()) {
            Statement statement = (Statement) known.next();
            look(statement);
            if (statement.endedAt == 0L) {
                all.add(statement);
            }
        }
        return count(all, user);
    }

    /** How many statements a user has not closed. */
    private int open(String user) {
        return count(statements.values(), user);
    }

    private static int count(Collection statements, String user) {
        int found = 0;
        Iterator each = statements.iterator();
        while (each.hasNext()) {
            Statement statement = (Statement) each.next();
            found += user == null || statement.user.equals(user) ? 1 : 0;
        }
        return found;
    }

    /** See whether a statement has ended. */
    private void look(Statement statement) {
        if (statement.endedAt != 0L || statement.handle == null) {
            return;
        }
        OperationState state;
        try {
            state = operations.getOperation(statement.handle).getStatus().getState();
        } catch (Exception error) {
            state = OperationState.CLOSED;
        }
        if (state.isTerminal()) {
            statement.endedAt = System.currentTimeMillis();
            if (state == OperationState.TIMEDOUT) {
                statement.error = tooLong(statement);
            } else if (state == OperationState.CANCELED) {
                statement.error = "cancelled";
            } else if (state == OperationState.ERROR && statement.error == null) {
                statement.error = "failed";
            }
        }
    }

    private static String tooLong(Statement statement) {
        return "The statement took longer than " + statement.seconds
            + " s, which is the most: read fewer rows, or a coarser level.";
    }

    private Object ofStatement(
        String name, Method method, Object request, String key, Statement statement)
        throws Throwable {
        look(statement);
        if (statement.error != null && statement.error.equals(tooLong(statement))
            && (name.equals("FetchResults") || name.equals("GetResultSetMetadata"))) {
            return refused(method.getReturnType(), statement.error);
        }
        Object response = told(method.invoke(service, new Object[] {request}));
        if (name.equals("GetOperationStatus")) {
            look(statement);
            String error = ((TGetOperationStatusResp) response).getErrorMessage();
            if (tooLong(statement).equals(statement.error)) {
                ((TGetOperationStatusResp) response).setErrorMessage(statement.error);
            } else if (error != null && statement.error != null) {
                statement.error = error;
            }
        } else if (name.equals("FetchResults") && ((TFetchResultsReq) request).getFetchType() == 0) {
            TRowSet rows = ((TFetchResultsResp) response).getResults();
            statement.rows += rows == null ? 0L : count(rows);
            int most = ReaderState.current().mostRows;
            if (statement.rows > most) {
                statement.error = "The result has more than " + most
                    + " rows, which is the most: read fewer, by WHERE or LIMIT.";
                return refused(TFetchResultsResp.class, statement.error);
            }
        } else if (name.equals("CloseOperation")) {
            statements.remove(key);
            write(statement, false);
        }
        return response;
    }

    private static long count(TRowSet rows) throws Exception {
        if (rows.getColumns() == null || rows.getColumns().isEmpty()) {
            return rows.getRowsSize();
        }
        Object column = ((TColumn) rows.getColumns().get(0)).getFieldValue();
        return ((Integer) get(column, "getValuesSize")).intValue();
    }

    /**
     * End jobs of statements that are over. Spark cancels the jobs that a statement has at that moment;
     * one that was still being planned begins its jobs later, and nobody would end them.
     */
    private void cancelAgain() throws Exception {
        List open;
        synchronized (operations) {
            open = new ArrayList(((Map) get(operations, "handleToOperation")).values());
        }
        for (int i = 0; i < open.size(); i++) {
            if (open.get(i) instanceof ExecuteStatementOperation) {
                operationsSeen.put(get(open.get(i), "statementId"), open.get(i));
            }
        }
        SparkContext spark = SparkContext.getOrCreate();
        boolean isAtWork = spark.statusTracker().getActiveJobIds().length > 0;
        Iterator seen = operationsSeen.entrySet().iterator();
        while (seen.hasNext()) {
            Map.Entry entry = (Map.Entry) seen.next();
            Operation operation = (Operation) entry.getValue();
            OperationState state = operation.getStatus().getState();
            if (!state.isTerminal()) {
                continue;
            }
            boolean isOver = !open.contains(operation);
            int[] jobs = isAtWork
                ? spark.statusTracker().getJobIdsForGroup((String) entry.getKey())
                : new int[0];
            for (int i = 0; i < jobs.length; i++) {
                scala.Option job = spark.statusTracker().getJobInfo(jobs[i]);
                if (job.isDefined()
                    && ((SparkJobInfo) job.get()).status() == JobExecutionStatus.RUNNING) {
                    spark.cancelJobGroup((String) entry.getKey());
                    isOver = false;
                    break;
                }
            }
            if (isOver && System.currentTimeMillis() - operation.getLastAccessTime() > 60000L) {
                seen.remove();
            }
        }
    }

    /** Write the lines of statements that are gone without a word of their client. */
    private void sweep() {
        Iterator known = statements.entrySet().iterator();
        while (known.hasNext()) {
            Map.Entry entry = (Map.Entry) known.next();
            Statement statement = (Statement) entry.getValue();
            look(statement);
            boolean isOpen = true;
            try {
                operations.getOperation(statement.handle);
            } catch (Exception error) {
                isOpen = false;
            }
            if (!isOpen) {
                known.remove();
                write(statement, false);
            }
        }
        Iterator open = sessions.entrySet().iterator();
        while (open.hasNext()) {
            Map.Entry entry = (Map.Entry) open.next();
            if (!sparkSessions.containsKey(((Session) entry.getValue()).handle)) {
                forget((String) entry.getKey());
            }
        }
    }

    private void forget(String key) {
        Session closed = (Session) sessions.remove(key);
        if (closed != null) {
            ReaderDoor.countSession(closed.address, -1);
        }
    }

    private static void write(Statement statement, boolean isRefused) {
        synchronized (statement) {
            if (statement.isWritten) {
                return;
            }
            statement.isWritten = true;
        }
        long ended = statement.endedAt == 0L ? System.currentTimeMillis() : statement.endedAt;
        audit("statement", statement.user, statement.address, statement.text, statement,
            statement.rows, ended - statement.startedAt, isRefused, statement.error);
    }

    private static void audit(
        String event, String user, String address, String text, Statement statement, long rows,
        long milliseconds, boolean isRefused, String error) {
        Map line = ReaderAudit.line(event, user,
            address == null ? TSetIpAddressProcessor.getUserIpAddress() : address);
        if (statement != null) {
            line.put("role", statement.role);
        }
        line.put("statement", ReaderAudit.cut(text));
        line.put("tables", statement == null ? new TreeSet() : statement.tables);
        line.put("rows", Long.valueOf(rows));
        line.put("milliseconds", Long.valueOf(milliseconds));
        line.put("refused", Boolean.valueOf(isRefused));
        if (error != null) {
            line.put("error", ReaderAudit.cut(error));
        }
        ReaderAudit.write(line);
    }

    // Answers --------------------------------------------------------------------------------------

    private static Object refused(Class kind, String sentence) throws Exception {
        Object response = kind.getConstructor(new Class[0]).newInstance(new Object[0]);
        TStatus status = new TStatus(TStatusCode.ERROR_STATUS);
        status.setErrorMessage(sentence);
        status.setSqlState("42000");
        set(response, "setStatus", TStatus.class, status);
        if (response instanceof TOpenSessionResp) {
            ((TOpenSessionResp) response).setServerProtocolVersion(
                TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10);
        }
        if (response instanceof TGetInfoResp) {
            ((TGetInfoResp) response).setInfoValue(TGetInfoValue.stringValue(""));
        }
        return response;
    }

    /** An answer with errors as readers may see them: no stack, no path, no name of a schema of ours. */
    private static Object told(Object response) throws Exception {
        if (response instanceof TGetOperationStatusResp) {
            TGetOperationStatusResp answer = (TGetOperationStatusResp) response;
            if (answer.getErrorMessage() != null) {
                answer.setErrorMessage(plain(answer.getErrorMessage()));
            }
            answer.unsetTaskStatus();
        }
        Object status = get(response, "getStatus");
        if (status instanceof TStatus && ((TStatus) status).getErrorMessage() != null) {
            TStatus plain = new TStatus((TStatus) status);
            plain.setErrorMessage(plain(plain.getErrorMessage()));
            plain.unsetInfoMessages();
            set(response, "setStatus", TStatus.class, plain);
        }
        return response;
    }

    /** The reason in an error of Spark, without what is not for readers. */
    public static String plain(String message) {
        String text = PlainErrors.reason(message).replaceAll("\nThe log of the server has .*$", "");
        return text
            .replaceAll("(?s)\\[FAILED_READ_FILE.*", "A file of the table is gone: ask again.")
            .replaceAll("`?spark_catalog`?\\.", "")
            .replaceAll("`?readers_\\d+`?\\.`?([a-z0-9_]+?)__\\d+`?", "marts.$1")
            .replaceAll("(?<![\\w/])(file:)?/+[\\w.@+-]+/[^\\s'\"`)\\]]*", "<file>");
    }

    private static String key(TSessionHandle handle) {
        return handle == null ? "" : key(handle.getSessionId().bufferForGuid());
    }

    private static String key(TOperationHandle handle) {
        return handle == null ? "" : key(handle.getOperationId().bufferForGuid());
    }

    private static String key(ByteBuffer guid) {
        byte[] bytes = new byte[guid.remaining()];
        ((ByteBuffer) guid.duplicate()).get(bytes);
        return Arrays.toString(bytes);
    }

    private static Object get(Object from, String name) throws Exception {
        return from.getClass().getMethod(name, new Class[0]).invoke(from, new Object[0]);
    }

    private static void set(Object on, String name, Class kind, Object value) throws Exception {
        on.getClass().getMethod(name, new Class[] {kind}).invoke(on, new Object[] {value});
    }
}
