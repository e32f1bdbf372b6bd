import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.elasticsearch.action.DocWriteRequest;
import org.elasticsearch.action.admin.indices.template.put.TransportPutComposableIndexTemplateAction;
import org.elasticsearch.action.support.PlainActionFuture;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateUpdateTask;
import org.elasticsearch.cluster.metadata.ComposableIndexTemplate;
import org.elasticsearch.cluster.metadata.Metadata;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.bytes.BytesArray;
import org.elasticsearch.index.query.QueryBuilders;
import org.elasticsearch.test.ESSingleNodeTestCase;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;
import org.elasticsearch.xcontent.json.JsonXContent;
import org.elasticsearch.xpack.core.ilm.DeleteAction;
import org.elasticsearch.xpack.core.ilm.LifecycleAction;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.LifecycleType;
import org.elasticsearch.xpack.core.ilm.RolloverAction;
import org.elasticsearch.xpack.core.ilm.TimeseriesLifecycleType;
import org.elasticsearch.xpack.core.security.authz.RoleDescriptor;
import org.elasticsearch.xpack.core.security.authz.privilege.ClusterPrivilegeResolver;
import org.elasticsearch.xpack.core.security.authz.privilege.IndexPrivilege;
import org.elasticsearch.xpack.core.slm.SnapshotLifecyclePolicy;

/** What the set-up job sends, and documents of real lines, given to the parsers and to a node of Elasticsearch. */
public class LoggingTests extends ESSingleNodeTestCase {
  private static final String INPUT = System.getProperty("input");
  private static final String STREAM = "logs-assistants-production";

  private static String read(String name) throws Exception {
    try (FileInputStream stream = new FileInputStream(INPUT + "/" + name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static XContentParser parser(String text, NamedXContentRegistry registry) throws Exception {
    return JsonXContent.jsonXContent.createParser(XContentParserConfiguration.EMPTY.withRegistry(registry), text);
  }

  public void testDocumentsAndSearches() throws Exception {
    ComposableIndexTemplate template;
    try (XContentParser parser = parser(read("template.json"), NamedXContentRegistry.EMPTY)) {
      template = ComposableIndexTemplate.parse(parser);
    }
    client()
        .execute(
            TransportPutComposableIndexTemplateAction.TYPE,
            new TransportPutComposableIndexTemplateAction.Request("logs").indexTemplate(template))
        .get();
    List<String> refused = new ArrayList<>();
    String[] documents = read("documents.ndjson").split("\n");
    for (String document : documents) {
      try {
        client()
            .prepareIndex(STREAM)
            .setOpType(DocWriteRequest.OpType.CREATE)
            .setSource(document, XContentType.JSON)
            .get();
      } catch (Exception error) {
        refused.add(error + ": " + document);
      }
    }
    System.out.println("RESULT documents " + documents.length + " refused " + refused.size());
    refused.forEach(System.out::println);
    client().admin().indices().prepareRefresh(STREAM).get();
    for (String line : read("searches.txt").split("\n")) {
      var response =
          client().prepareSearch(STREAM).setQuery(QueryBuilders.queryStringQuery(line)).get();
      System.out.println("RESULT search " + response.getHits().getTotalHits().value + " " + line);
      response.decRef();
    }
    for (String line : read("bodies.ndjson").split("\n")) {
      var response =
          client().prepareSearch(STREAM).setQuery(QueryBuilders.wrapperQuery(line)).get();
      System.out.println("RESULT body " + response.getHits().getTotalHits().value + " " + line);
      response.decRef();
    }
    forgetStream();
    assertEquals(0, refused.size());
  }

  /** The base class can delete indices and templates; deleting streams is a module this node lacks. */
  private void forgetStream() throws Exception {
    var done = new PlainActionFuture<Void>();
    getInstanceFromNode(ClusterService.class)
        .submitUnbatchedStateUpdateTask(
            "forget the stream",
            new ClusterStateUpdateTask() {
              @Override
              public ClusterState execute(ClusterState state) {
                var metadata = Metadata.builder(state.metadata()).removeDataStream(STREAM);
                return ClusterState.builder(state).metadata(metadata).build();
              }

              @Override
              public void clusterStateProcessed(ClusterState before, ClusterState after) {
                done.onResponse(null);
              }

              @Override
              public void onFailure(Exception error) {
                done.onFailure(error);
              }
            });
    done.actionGet();
  }

  public void testLifecycle() throws Exception {
    var registry =
        new NamedXContentRegistry(
            List.of(
                new NamedXContentRegistry.Entry(
                    LifecycleType.class,
                    new ParseField(TimeseriesLifecycleType.TYPE),
                    p -> TimeseriesLifecycleType.INSTANCE),
                new NamedXContentRegistry.Entry(
                    LifecycleAction.class, new ParseField(RolloverAction.NAME), RolloverAction::parse),
                new NamedXContentRegistry.Entry(
                    LifecycleAction.class, new ParseField(DeleteAction.NAME), DeleteAction::parse)));
    String policy = read("lifecycle.json");
    // The API takes the policy out of its envelope.
    String inner = policy.substring(policy.indexOf(':') + 1, policy.length() - 1);
    try (XContentParser parser = parser(inner, registry)) {
      LifecyclePolicy parsed = LifecyclePolicy.parse(parser, "logs");
      parsed.validate();
      assertEquals(Set.of("hot", "delete"), parsed.getPhases().keySet());
      System.out.println("RESULT lifecycle " + parsed.getPhases().get("delete").getMinimumAge());
    }
  }

  public void testRoles() throws Exception {
    for (String name : List.of("writer-role", "reader-role")) {
      RoleDescriptor role =
          RoleDescriptor.parserBuilder()
              .build()
              .parse(name, new BytesArray(read(name + ".json")), XContentType.JSON);
      for (String privilege : role.getClusterPrivileges()) ClusterPrivilegeResolver.resolve(privilege);
      for (RoleDescriptor.IndicesPrivileges indices : role.getIndicesPrivileges()) {
        for (String privilege : indices.getPrivileges()) IndexPrivilege.get(privilege);
      }
      System.out.println("RESULT role " + role.getIndicesPrivileges()[0].getIndices()[0]);
    }
  }

  public void testSnapshotPolicy() throws Exception {
    try (XContentParser parser = parser(read("snapshots.json"), NamedXContentRegistry.EMPTY)) {
      SnapshotLifecyclePolicy policy = SnapshotLifecyclePolicy.parse(parser, "logs");
      assertNull(policy.validate());
      assertEquals("assistants-logs", policy.getRepository());
      System.out.println("RESULT snapshots " + policy.getSchedule());
    }
  }
}
