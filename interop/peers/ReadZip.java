// Reads zip archives as a stream, which is how TorchServe unpacks them: one line for each entry, its size and its name.
import java.io.FileInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

public class ReadZip {
    public static void main(String[] paths) throws Exception {
        for (String path : paths)
            try (ZipInputStream zip = new ZipInputStream(new FileInputStream(path))) {
                for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry())
                    System.out.println(zip.readAllBytes().length + " " + entry.getName());
            }
    }
}
