"""A service of a mixed fleet on OpenTelemetry's Python SDK with its composable samplers. Its interface is that of Service.java."""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace._sampling_experimental import (
    composable_parent_threshold,
    composable_traceid_ratio_based,
    composite_sampler,
)
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

PORT, COLLECTOR, RATIO = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
propagator = TraceContextTextMapPropagator()


class WithTraceState(Sampler):
    """Gives the sampler the tracestate of the parent: the SDK's tracer leaves that argument out, and composite_sampler() needs it."""

    def __init__(self, sampler):
        self._sampler = sampler

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, trace_state=None):
        given = trace.get_current_span(parent_context).get_span_context().trace_state
        return self._sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, given)

    def get_description(self):
        return self._sampler.get_description()


def provider(delegate):
    made = TracerProvider(sampler=WithTraceState(composite_sampler(delegate)), resource=Resource.create({"service.name": "python"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{COLLECTOR}/v1/traces")))
    return made


ratio = composable_traceid_ratio_based(RATIO)
PROVIDERS = {"own": provider(ratio), "parent": provider(composable_parent_threshold(ratio))}


def call(mode, following, context):
    if following == "":
        return ""
    address, _, rest = following.partition(",")
    headers = {}
    propagator.inject(headers, context)
    connection = HTTPConnection(address)
    try:
        connection.request("GET", f"/{mode}/{rest}", headers=headers)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        mode, _, following = self.path[1:].partition("/")
        self.answer(self.flush() if mode == "flush" else self.hop(mode, following))

    def hop(self, mode, following):
        received = {key.lower(): value for key, value in self.headers.items()}
        context = propagator.extract(received, Context())
        tracer = PROVIDERS[mode].get_tracer("mixed-fleet")
        with tracer.start_span("hop", context=context, kind=trace.SpanKind.SERVER) as span:
            below = call(mode, following, trace.set_span_in_context(span, context))
        sampled = "sampled" if span.get_span_context().trace_flags.sampled else "dropped"
        return f"python {sampled} {received.get('traceparent', '-')} {received.get('tracestate', '-')}\n{below}"

    def flush(self):
        for one in PROVIDERS.values():
            one.force_flush()
        return ""

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
