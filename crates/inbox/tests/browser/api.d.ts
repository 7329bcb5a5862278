// What the inbox answers, as `crates/inbox/src/answers.rs` declares it. `answers.test.js` compares these types with what a
// started inbox really answers: a field that is missing on either side fails it.

declare namespace Api {
  /** What a client sent, as it was sent. Nothing in it can be relied on. */
  type Payload = { [name: string]: unknown };

  interface Issue {
    id: string;
    project: string;
    service: string | null;
    title: string;
    type: string | null;
    value: string | null;
    level: string;
    culprit: string | null;
    handled: boolean | null;
    fingerprint: string[];
    count: number;
    users: number;
    first_seen: number;
    last_seen: number;
    last_event_id: string;
    environment: string | null;
    release: string | null;
    scenario: string | null;
    status: IssueStatus;
    regressed: boolean;
  }

  type IssueStatus = 'unresolved' | 'resolved' | 'ignored';

  /** `GET issues/{id}/facts`. */
  interface IssueFacts {
    releases: { release: string | null; count: number; first_seen: number; last_seen: number }[];
    over_time: { from: number; step: number; counts: number[] };
    events: number;
    tags: { name: string; events: number; different: number; values: { value: string; count: number }[] }[];
  }

  interface EventSummary {
    event_id: string;
    issue_id: string;
    project: string;
    received_at: number;
    timestamp: number | null;
    level: string;
    title: string;
    type: string | null;
    value: string | null;
    transaction: string | null;
    service: string | null;
    scenario: string | null;
    run_id: string | null;
    trace_id: string | null;
    span_id: string | null;
    fingerprint: string[];
  }

  interface TransactionSummary {
    event_id: string;
    project: string;
    received_at: number;
    transaction: string | null;
    op: string | null;
    status: string | null;
    started_at: number | null;
    duration_ms: number | null;
    trace_id: string | null;
    span_id: string | null;
    parent_span_id: string | null;
    span_count: number;
    streamed: boolean;
    run_id: string | null;
    service: string | null;
  }

  /** Its content is at `attachments/{id}`. */
  interface Attachment {
    id: number;
    event_id: string;
    filename: string;
    content_type: string | null;
    bytes: number;
    attachment_type: string;
    image: boolean;
  }

  interface Sessions {
    release: string;
    ok: number;
    exited: number;
    errored: number;
    unhandled: number;
    crashed: number;
    abnormal: number;
    crash_free: number | null;
    users: number;
    crashed_users: number;
    crash_free_users: number | null;
  }

  interface Feedback {
    feedback_id: string;
    event_id: string | null;
    project: string;
    received_at: number;
    message: string;
    name: string | null;
    email: string | null;
    url: string | null;
    source: string | null;
    trace_id: string | null;
    replay_id: string | null;
    environment: string | null;
    release: string | null;
  }

  interface CheckIn {
    check_in_id: string;
    status: string;
    started_at: number;
    duration: number | null;
    release: string | null;
    trace_id: string | null;
  }

  interface Monitor {
    slug: string;
    project: string;
    environment: string | null;
    status: string;
    state: 'active' | 'ok' | 'error';
    failing_since: number | null;
    last_seen: number;
    count: number;
    config: Payload | null;
    schedule_fault: string | null;
    next_check_in: number | null;
    missed_after: number | null;
    check_ins: CheckIn[];
  }

  interface Release {
    version: string;
    projects: string[];
    created_at: number;
    released_at: number | null;
    commits: Commit[];
    deploys: Deploy[];
  }

  interface Commit {
    id: string;
    message: string | null;
    author: string | null;
    created_at: number | null;
  }

  interface Deploy {
    id: number;
    environment: string;
    name: string | null;
    finished_at: number;
  }

  interface Replay {
    replay_id: string;
    project: string;
    first_seen: number;
    last_seen: number;
    segments: number;
    bytes: number;
    release: string | null;
    environment: string | null;
    urls: string[];
    error_ids: string[];
    trace_ids: string[];
  }

  interface Discarded {
    reason: string;
    category: string;
    quantity: number;
    by_rule: boolean;
  }

  /** `GET client-reports`. */
  interface ClientReports {
    discarded: Discarded[];
    reports: { received_at: number; timestamp: number | null; project: string; discarded: Discarded[] }[];
  }

  interface ReceivedItem {
    number: number;
    type: string;
    bytes: number;
    content_type: string | null;
    header: Payload | null;
    refused: string | null;
  }

  /** Where `raw` is true, its bytes are at `envelopes/{id}/raw`. */
  interface ReceivedEnvelope {
    id: number;
    received_at: number;
    project: string;
    endpoint: string;
    bytes: number;
    content_length: number | null;
    encoding: string | null;
    content_type: string | null;
    client: string | null;
    header: Payload | null;
    items: ReceivedItem[];
    omitted_items: number;
    accepted: boolean;
    refused: string[];
    raw: boolean;
  }

  interface TraceSummary {
    trace_id: string;
    received_at: number;
    name: string | null;
    op: string | null;
    status: string | null;
    services: string[];
    transactions: number;
    spans: number;
    errors: number;
    started_at: number | null;
    duration_ms: number | null;
    run_id: string | null;
  }

  interface TraceSpan {
    span_id: string | null;
    parent_span_id: string | null;
    start: number;
    duration_ms: number;
    op: string | null;
    description: string | null;
    status: string | null;
    service: string | null;
    project: string;
    transaction_id: string | null;
    transaction: boolean;
  }

  /** `GET traces/{id}`. */
  interface Trace {
    trace_id: string;
    start: number | null;
    end: number | null;
    services: string[];
    spans: TraceSpan[];
    omitted_spans: number;
    errors: EventSummary[];
    omitted_errors: number;
    logs: Payload[];
    omitted_logs: number;
  }

  /** `GET charts?seconds=900`: each list has an entry for each part of time. */
  interface Charts {
    from: number;
    step: number;
    services: {
      service: string;
      requests: number[];
      failed: number[];
      errors: number[];
      p95_ms: (number | null)[];
      memory_mb: (number | null)[];
      cpu_percent: (number | null)[];
    }[];
    releases: { release: string; sessions: number[]; crashed: number[]; crash_free: (number | null)[] }[];
  }

  /** `GET metrics/names`. */
  interface MetricNames {
    metrics: { name: string; type: string | null; unit: string | null; count: number; attributes: string[] }[];
  }

  /** `GET metrics/series?name=…&by=…&seconds=900`. */
  interface MetricSeries {
    name: string;
    by: string | null;
    from: number;
    step: number;
    series: {
      value: string | null;
      count: number;
      points: ({ count: number; sum: number; min: number; max: number; last: number } | null)[];
    }[];
    omitted: number;
  }

  interface EventDetails {
    summary: EventSummary;
    issue: Issue | null;
    attachments: Attachment[];
    feedback: Feedback[];
    previous: string | null;
    next: string | null;
    dsc: Payload | null;
    event: Payload;
  }

  interface TransactionDetails {
    summary: TransactionSummary;
    errors: EventSummary[];
    attachments: Attachment[];
    transaction: Payload;
  }

  interface Stats {
    version: number;
    envelopes: number;
    rejected: number;
    refused_items: number;
    duplicates: number;
    bytes: number;
    items: { [type: string]: number };
    item_bytes: { [type: string]: number };
    discarded: Discarded[];
    evicted: {
      events: number;
      transactions: number;
      spans: number;
      logs: number;
      metrics: number;
      issues: number;
      profile_chunks: number;
      attachments: number;
      feedback: number;
      envelopes: number;
    };
    held: {
      events: number;
      transactions: number;
      spans: number;
      profile_chunks: number;
      attachments: number;
      attachment_bytes: number;
      feedback: number;
      monitors: number;
      replays: number;
      envelopes: number;
      bytes: number;
    };
  }

  interface Refused {
    received_at: number;
    project: string;
    reason: string;
    item_only: boolean;
  }

  interface Page {
    tabs: string[];
    hints: { events: string[]; profiles: string[] };
  }

  interface Refusal {
    error: string;
    type: string;
  }

  interface ProfiledThread {
    id: string;
    name: string | null;
    busy_ms: number;
  }

  interface Profiler {
    profiler_id: string;
    project: string;
    service: string | null;
    release: string | null;
    environment: string | null;
    platform: string | null;
    from: number;
    to: number;
    chunks: number;
    samples: number;
    threads: ProfiledThread[];
  }

  interface ProfileFunction {
    function: string;
    module: string | null;
    file: string | null;
    in_app: boolean;
    self_ms: number;
    total_ms: number;
  }

  interface ProfileNode {
    parent: number | null;
    function: number;
    self_ms: number;
    total_ms: number;
  }

  interface ProfileTimeline {
    from: number;
    to: number;
    busy_ms: number[];
    cpu_percent: (number | null)[];
    memory_mb: (number | null)[];
  }

  interface Profile {
    profiler: Profiler;
    from: number;
    to: number;
    thread: string | null;
    by_span: boolean;
    threads: ProfiledThread[];
    samples: number;
    busy_ms: number;
    idle_ms: number;
    functions: ProfileFunction[];
    nodes: ProfileNode[];
    omitted: number;
    timeline: ProfileTimeline;
  }

  /** The entries of a list of the API, under the list's name. */
  interface Lists {
    issues: Issue;
    events: EventSummary;
    transactions: TransactionSummary;
    logs: Payload;
    metrics: Payload;
    sessions: Sessions;
    releases: Release;
    profilers: Profiler;
    traces: TraceSummary;
    attachments: Attachment;
    feedback: Feedback;
    monitors: Monitor;
    replays: Replay;
    envelopes: ReceivedEnvelope;
  }
}
