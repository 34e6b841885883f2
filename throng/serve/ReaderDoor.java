package throng;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The way from the process that listens for readers (throng/serve/door.py) to Hive's Thrift server,
 * which has a thread for each connection and waits for ever for a client that says nothing. Connections
 * come by a Unix socket, so that the server may be without a network. Each goes on from a loopback
 * address of its own (127.x.y.z), which is how a call of Hive's is known to be of this client.
 */
public class ReaderDoor {

    private static final int MOST_CONNECTIONS = 400;
    /** Connections without a session: of all, and of one address of clients. */
    private static final int MOST_STRANGERS = 100;
    private static final int MOST_STRANGERS_OF_ADDRESS = 25;
    /** How long a connection may be without a session. */
    private static final long LOGIN_MILLISECONDS = 20000L;
    /** Connections that may wait to be let in; Java's own 50 are fewer than come at once. */
    private static final int WAITING = 4096;
    private static final int BUFFER_BYTES = 65536;
    private static final long STACK_BYTES = 131072L;

    /** Loopback address to Connection. */
    private static final Map CONNECTIONS = new ConcurrentHashMap();
    private static int number = 0;

    /** A connection of a client, and the one by which it goes on. */
    private static class Connection {
        final SocketChannel outer;
        final String loopback;
        volatile long since = System.currentTimeMillis();
        volatile String client = "";
        volatile SocketChannel inner = null;
        int sessions = 0;

        Connection(SocketChannel outer, String loopback) {
            this.outer = outer;
            this.loopback = loopback;
        }

        /** Between its start and its first session, or after its last one. */
        synchronized boolean isStranger() {
            return sessions == 0;
        }

        synchronized void count(int more) {
            sessions += more;
            since = System.currentTimeMillis();
        }

        void end() {
            CONNECTIONS.remove(loopback, this);
            try {
                outer.close();
                if (inner != null) {
                    inner.close();
                }
            } catch (IOException error) {
                // It is closed all the same.
            }
        }
    }

    /** Let connections in from now on; throws where the socket cannot be made. */
    public static void open(String socket, final int port) throws IOException {
        final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket), WAITING);
        start("throng-door", new Runnable() {
            public void run() {
                while (true) {
                    try {
                        letIn(server.accept(), port);
                    } catch (Throwable error) {
                        System.err.println("The door goes on after: " + error);
                        pause();
                    }
                }
            }
        });
        start("throng-door-sweeper", new Runnable() {
            public void run() {
                while (true) {
                    pause();
                    closeStrangers();
                }
            }
        });
    }

    /** The address of the client behind a loopback address of a call; itself where it is none of ours. */
    public static String clientAt(String loopback) {
        Connection connection = loopback == null ? null : (Connection) CONNECTIONS.get(loopback);
        return connection == null ? loopback : connection.client;
    }

    /** The client behind it has one session more (1), so it is a user, or one less (-1). */
    public static void countSession(String loopback, int more) {
        Connection connection = loopback == null ? null : (Connection) CONNECTIONS.get(loopback);
        if (connection != null) {
            connection.count(more);
        }
    }

    private static void letIn(SocketChannel outer, final int port) {
        number = number % 0xfffffd + 1;
        final Connection connection = new Connection(outer,
            "127." + (number >> 16) + "." + (number >> 8 & 0xff) + "." + (number & 0xff));
        CONNECTIONS.put(connection.loopback, connection);
        start("throng-door-in", new Runnable() {
            public void run() {
                try {
                    connection.client = firstLine(connection.outer);
                    makeRoom(connection);
                    connection.inner = SocketChannel.open();
                    bind(connection.inner, connection.loopback);
                    connection.inner.connect(new InetSocketAddress("127.0.0.1", port));
                    start("throng-door-out", new Runnable() {
                        public void run() {
                            pass(connection.inner, connection.outer);
                            connection.end();
                        }
                    });
                    pass(connection.outer, connection.inner);
                } catch (IOException error) {
                    // The client is gone, or the server ends.
                } finally {
                    connection.end();
                }
            }
        });
    }

    /**
     * End the oldest strangers where there are too many: who logs in needs a second, so whoever
     * waits makes room for who does. Without one to end, the new connection is.
     */
    private static synchronized void makeRoom(Connection added) {
        while (CONNECTIONS.containsKey(added.loopback)) {
            int strangers = 0;
            int ofClient = 0;
            Connection oldest = null;
            Connection oldestOfClient = null;
            Iterator known = CONNECTIONS.values().iterator();
            while (known.hasNext()) {
                Connection one = (Connection) known.next();
                if (one.isStranger()) {
                    strangers++;
                    oldest = older(one, oldest);
                    if (one.client.equals(added.client)) {
                        ofClient++;
                        oldestOfClient = older(one, oldestOfClient);
                    }
                }
            }
            if (ofClient > MOST_STRANGERS_OF_ADDRESS) {
                oldestOfClient.end();
            } else if (strangers > MOST_STRANGERS || CONNECTIONS.size() > MOST_CONNECTIONS) {
                oldest.end();
            } else {
                return;
            }
        }
    }

    private static Connection older(Connection one, Connection other) {
        return other == null || one.since < other.since ? one : other;
    }

    private static void bind(SocketChannel inner, String loopback) throws IOException {
        try {
            inner.bind(new InetSocketAddress(loopback, 0));
        } catch (IOException error) {
            // This system has one loopback address only (macOS): the client is not told apart.
            inner.bind((SocketAddress) null);
        }
    }

    /** The address of the client, which the process that listens writes first. */
    private static String firstLine(SocketChannel outer) throws IOException {
        StringBuilder line = new StringBuilder();
        ByteBuffer one = ByteBuffer.allocate(1);
        while (line.length() < 64 && outer.read(one) == 1) {
            char letter = (char) one.get(0);
            if (letter == '\n') {
                return line.toString();
            }
            line.append(letter);
            one.clear();
        }
        throw new IOException("no address of a client");
    }

    private static void closeStrangers() {
        long before = System.currentTimeMillis() - LOGIN_MILLISECONDS;
        Iterator known = CONNECTIONS.values().iterator();
        while (known.hasNext()) {
            Connection connection = (Connection) known.next();
            if (connection.isStranger() && connection.since < before) {
                connection.end();
            }
        }
    }

    /** Bytes from one to the other until one of them ends. */
    private static void pass(SocketChannel from, SocketChannel to) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try {
            while (from.read(bytes) >= 0) {
                bytes.flip();
                while (bytes.hasRemaining()) {
                    to.write(bytes);
                }
                bytes.clear();
            }
        } catch (IOException error) {
            // One of them is gone; so is the other, then.
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(null, work, name, STACK_BYTES);
        thread.setDaemon(true);
        thread.start();
    }

    private static void pause() {
        try {
            Thread.sleep(500L);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }
}
