package throng;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Files of this machine, whose permissions Java sets. Hadoop starts a process, `chmod`, for every
 * file and folder that it makes, unless it has its native library, which the pyspark package has
 * not.
 */
public class LocalFiles extends RawLocalFileSystem {

    public void setPermission(Path path, FsPermission permission) throws IOException {
        if (permission.getStickyBit()) {
            super.setPermission(path, permission); // Java knows no sticky bit
            return;
        }
        String modes = permission.getUserAction().SYMBOL
            + permission.getGroupAction().SYMBOL
            + permission.getOtherAction().SYMBOL;
        Files.setPosixFilePermissions(
            pathToFile(path).toPath(), PosixFilePermissions.fromString(modes));
    }
}
