import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.elasticsearch.common.settings.KeyStoreWrapper;

/** Does what `elasticsearch-keystore` does with the arguments we give it; Maven Central does not have that tool. */
public class Keystore {
  public static void main(String[] arguments) throws Exception {
    Path config = Path.of(System.getenv("ES_PATH_CONF"));
    List<String> words = List.of(arguments);
    if (words.equals(List.of("create"))) {
      KeyStoreWrapper.create().save(config, new char[0]);
    } else if (words.size() == 3 && words.subList(0, 2).equals(List.of("add", "--stdin"))) {
      KeyStoreWrapper keystore = KeyStoreWrapper.load(config);
      keystore.decrypt(new char[0]);
      String value = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
      keystore.setString(words.get(2), value.toCharArray());
      keystore.save(config, new char[0]);
    } else {
      throw new IllegalArgumentException("not an invocation of ours: " + words);
    }
  }
}
