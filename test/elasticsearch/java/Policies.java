import java.io.IOException;
import java.util.List;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.io.stream.Writeable;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.plugins.ActionPlugin.ActionHandler;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ilm.DeleteAction;
import org.elasticsearch.xpack.core.ilm.LifecycleAction;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.LifecycleType;
import org.elasticsearch.xpack.core.ilm.RolloverAction;
import org.elasticsearch.xpack.core.ilm.TimeseriesLifecycleType;
import org.elasticsearch.xpack.core.ilm.action.ILMActions;
import org.elasticsearch.xpack.core.ilm.action.PutLifecycleRequest;
import org.elasticsearch.xpack.core.slm.action.PutSnapshotLifecycleAction;

/**
 * Lifecycles and snapshot policies, read and checked by Elasticsearch's own classes under Elasticsearch's own names of
 * actions, so that security decides who may send them. The modules that carry them out are in the image only.
 */
final class Policies {
  private Policies() {}

  static final List<NamedXContentRegistry.Entry> PARTS =
      List.of(
          new NamedXContentRegistry.Entry(
              LifecycleType.class,
              new ParseField(TimeseriesLifecycleType.TYPE),
              parser -> TimeseriesLifecycleType.INSTANCE),
          new NamedXContentRegistry.Entry(
              LifecycleAction.class, new ParseField(RolloverAction.NAME), RolloverAction::parse),
          new NamedXContentRegistry.Entry(
              LifecycleAction.class, new ParseField(DeleteAction.NAME), DeleteAction::parse));

  static final List<ActionHandler<?, ?>> ACTIONS =
      List.of(
          new ActionHandler<>(ILMActions.PUT, CheckLifecycle.class),
          new ActionHandler<>(PutSnapshotLifecycleAction.INSTANCE, CheckSnapshots.class));

  private abstract static class Check<R extends ActionRequest>
      extends HandledTransportAction<R, AcknowledgedResponse> {
    Check(String name, TransportService transport, ActionFilters filters, Writeable.Reader<R> reader) {
      super(name, transport, filters, reader, EsExecutors.DIRECT_EXECUTOR_SERVICE);
    }

    abstract void check(R request);

    @Override
    protected void doExecute(Task task, R request, ActionListener<AcknowledgedResponse> listener) {
      ActionListener.completeWith(
          listener,
          () -> {
            check(request);
            return AcknowledgedResponse.TRUE;
          });
    }
  }

  public static class CheckLifecycle extends Check<PutLifecycleRequest> {
    @Inject
    public CheckLifecycle(TransportService transport, ActionFilters filters) {
      super(ILMActions.PUT.name(), transport, filters, PutLifecycleRequest::new);
    }

    @Override
    void check(PutLifecycleRequest request) {
      request.getPolicy().validate();
    }
  }

  public static class CheckSnapshots extends Check<PutSnapshotLifecycleAction.Request> {
    @Inject
    public CheckSnapshots(TransportService transport, ActionFilters filters) {
      super(PutSnapshotLifecycleAction.NAME, transport, filters, PutSnapshotLifecycleAction.Request::new);
    }

    @Override
    void check(PutSnapshotLifecycleAction.Request request) {
      var refused = request.getLifecycle().validate();
      if (refused != null) throw refused;
    }
  }

  static final class PutLifecycle extends BaseRestHandler {
    @Override
    public String getName() {
      return "put_lifecycle";
    }

    @Override
    public List<Route> routes() {
      return List.of(new Route(RestRequest.Method.PUT, "/_ilm/policy/{name}"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
      String name = request.param("name");
      try (XContentParser parser = request.contentParser()) {
        PutLifecycleRequest parsed = PutLifecycleRequest.parseRequest(new Factory(name), parser);
        return channel -> client.execute(ILMActions.PUT, parsed, new RestToXContentListener<>(channel));
      }
    }

    private record Factory(String name) implements PutLifecycleRequest.Factory {
      @Override
      public PutLifecycleRequest create(LifecyclePolicy policy) {
        return new PutLifecycleRequest(TimeValue.MINUS_ONE, TimeValue.MINUS_ONE, policy);
      }

      @Override
      public String getPolicyName() {
        return name;
      }
    }
  }

  static final class PutSnapshots extends BaseRestHandler {
    @Override
    public String getName() {
      return "put_snapshots";
    }

    @Override
    public List<Route> routes() {
      return List.of(new Route(RestRequest.Method.PUT, "/_slm/policy/{name}"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
      String name = request.param("name");
      try (XContentParser parser = request.contentParser()) {
        var parsed =
            PutSnapshotLifecycleAction.Request.parseRequest(TimeValue.MINUS_ONE, TimeValue.MINUS_ONE, name, parser);
        return channel ->
            client.execute(PutSnapshotLifecycleAction.INSTANCE, parsed, new RestToXContentListener<>(channel));
      }
    }
  }
}
