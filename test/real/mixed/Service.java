// A service of a mixed fleet on OpenTelemetry's Java SDK with the consistent samplers of its contrib. Started by mixed-fleet.test.ts.
//
// GET /own/<next>,<next>... decides by the service's own ratio, /parent/... by the parent and at a root by the ratio. The service calls
// the first of the URLs with the rest, and answers with a line on itself before the answer that it gets:
// name, sampled or not, received traceparent, received tracestate. GET /flush exports all spans.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.contrib.sampler.consistent56.ConsistentSampler;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

public class Service {
  static final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  static final W3CTraceContextPropagator propagator = W3CTraceContextPropagator.getInstance();
  static final TextMapGetter<HttpExchange> headers =
      new TextMapGetter<>() {
        public Iterable<String> keys(HttpExchange exchange) {
          return exchange.getRequestHeaders().keySet();
        }

        public String get(HttpExchange exchange, String key) {
          return exchange.getRequestHeaders().getFirst(key);
        }
      };

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(args[0]);
    String collector = args[1];
    ConsistentSampler ratio = ConsistentSampler.probabilityBased(Double.parseDouble(args[2]));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    SdkTracerProvider own = serve(server, "own", collector, ratio);
    SdkTracerProvider parent = serve(server, "parent", collector, ConsistentSampler.parentBased(ratio));
    server.createContext(
        "/flush",
        exchange -> {
          own.forceFlush().join(10, TimeUnit.SECONDS);
          parent.forceFlush().join(10, TimeUnit.SECONDS);
          answer(exchange, "");
        });
    server.start();
  }

  static SdkTracerProvider serve(HttpServer server, String mode, String collector, Sampler sampler) {
    OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder().setEndpoint(collector + "/v1/traces").build();
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setSampler(sampler)
            .setResource(Resource.getDefault().toBuilder().put(AttributeKey.stringKey("service.name"), "java").build())
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build();
    server.createContext(
        "/" + mode + "/",
        exchange -> {
          Context context = propagator.extract(Context.root(), exchange, headers);
          Span span = provider.get("mixed-fleet").spanBuilder("hop").setSpanKind(SpanKind.SERVER).setParent(context).startSpan();
          String next = exchange.getRequestURI().getPath().substring(mode.length() + 2);
          String line =
              String.join(
                  " ",
                  "java",
                  span.getSpanContext().isSampled() ? "sampled" : "dropped",
                  Optional.ofNullable(headers.get(exchange, "traceparent")).orElse("-"),
                  Optional.ofNullable(headers.get(exchange, "tracestate")).orElse("-"));
          String below = call(mode, next, context.with(span));
          span.end();
          answer(exchange, line + "\n" + below);
        });
    return provider;
  }

  static String call(String mode, String next, Context context) throws IOException {
    if (next.isEmpty()) return "";
    String[] parts = next.split(",", 2);
    URI uri = URI.create("http://" + parts[0] + "/" + mode + "/" + (parts.length > 1 ? parts[1] : ""));
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    propagator.inject(context, request, (carrier, key, value) -> carrier.header(key, value));
    try {
      return client.send(request.build(), BodyHandlers.ofString()).body();
    } catch (InterruptedException error) {
      throw new IOException(error);
    }
  }

  static void answer(HttpExchange exchange, String text) throws IOException {
    byte[] body = text.getBytes("UTF-8");
    exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
    if (body.length > 0) exchange.getResponseBody().write(body);
    exchange.close();
  }
}
