package throng;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The class path, which remembers what it does not have. Spark compiles new code for each query, and
 * Janino asks for many names that may be a class and are none (a package, a variable, a class of the
 * code itself): each of them is searched for in all 280 jars of Spark, time and again. It remembers
 * where resources of a name are too: Spark lists its kinds of data sources for each query. Jars that
 * are added to a running server are not of the class path but of loaders behind this one.
 */
public class ClassPathMemory extends ClassLoader {

    /** Names are remembered up to this number: some 10 MB. */
    private static final int MOST_NAMES = 50000;

    private final Set missing = ConcurrentHashMap.newKeySet();
    private final Map places = new ConcurrentHashMap();

    static {
        ClassLoader.registerAsParallelCapable();
    }

    public ClassPathMemory(ClassLoader classPath) {
        super(classPath);
    }

    protected Class loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (missing.contains(name)) {
            throw new Missing(name);
        }
        try {
            return getParent().loadClass(name);
        } catch (ClassNotFoundException e) {
            if (missing.size() < MOST_NAMES) {
                missing.add(name);
            }
            throw e;
        }
    }

    public URL getResource(String name) {
        List found = places(name);
        return found.isEmpty() ? null : (URL) found.get(0);
    }

    public Enumeration getResources(String name) {
        return Collections.enumeration(places(name));
    }

    private List places(String name) {
        List found = (List) places.get(name);
        if (found == null) {
            try {
                found = Collections.list(getParent().getResources(name));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            if (places.size() < MOST_NAMES) {
                places.put(name, found);
            }
        }
        return found;
    }

    /** Without a stack trace, which would take longer than the answer. */
    private static class Missing extends ClassNotFoundException {

        Missing(String name) {
            super(name);
        }

        public Throwable fillInStackTrace() {
            return this;
        }
    }
}
