// What the routes of the tab Scenarios answer.

declare namespace Stage {
  /** `GET /api/stage/state`. */
  interface State {
    version: number;
    supervised: boolean;
    services: Service[];
    runs: { [scenario: string]: Run };
    bursts: { [scenario: string]: Burst };
    check: Check | null;
    traffic: Traffic | null;
    release: Release | null;
    sentry: string | null;
  }

  interface Service {
    name: string;
    url: string;
    state: 'starting' | 'serving' | 'down' | 'given_up';
    since: number;
    version: string | null;
    pid: number | null;
    restarts: number;
    why: { at: number; how: string; output_tail: string[]; back_at: number | null } | null;
    marks: Mark[];
    dependencies: { [name: string]: string };
    catalogue: number;
    held: { [scenario: string]: unknown };
  }

  interface Mark {
    at: number;
    text: string;
    kind: 'died' | 'back' | 'deployed';
  }

  interface Run {
    id: string;
    trace_id: string | null;
    started_at: number;
    phase: 'called' | 'waiting' | 'late' | 'judged' | 'done';
    answer: { status: number | null; body: string; elapsed_ms: number } | null;
    events: { event_id: string; issue_id: string; level: string; title: string; after_ms: number }[];
    promised: number;
    transaction: string | null;
    parts: { name: string; kept: boolean }[];
    mismatches: Mismatch[];
    error: string | null;
  }

  interface Mismatch {
    field: string;
    promised: unknown;
    got: unknown;
  }

  interface Burst {
    id: string;
    started_at: number;
    times: number;
    sent: number;
    answered: number;
    statuses: { [status: string]: number };
    expected: number;
    arrived: number;
    issue_id: string | null;
    elapsed_ms: number;
    done: boolean;
  }

  interface Check {
    started_at: number;
    running: boolean;
    step: { text: string; done: [number, number] | null };
    kept: [number, number] | null;
    error: string | null;
  }

  interface Traffic {
    started_at: number;
    ends_at: number;
    running: boolean;
    options: { rate: number; seconds: number; looks: number; mistakes: number; hang_ups: number; scenarios: number };
    visits: { [kind: string]: number };
    refused: number;
    failed: number;
    rate: number;
    p95_ms: number | null;
  }

  interface Release {
    service: string;
    version: string;
    before: string;
    since: number;
    broken: boolean;
  }

  /** `GET /api/stage/services`. */
  interface Catalogue {
    name: string;
    catalogue: number;
    profiled: boolean;
    scenarios: Scenario[];
  }

  interface Scenario {
    id: string;
    method: string;
    path: string;
    title: string;
    demonstrates: string;
    parameters: Parameter[];
    expect: { status: number; level: string | null; events: number; hot_function?: string };
    look_for: string;
    unavailable?: string;
  }

  interface Parameter {
    name: string;
    default: string | number | null;
    min: number | null;
    max: number | null;
  }

  /** `GET /api/stage/health`. */
  interface Point {
    at: number;
    requests_per_s: number;
    errors_per_s: number;
    p95_ms: number | null;
    memory_mb: number | null;
    cpu_percent: number | null;
    threads: number | null;
    open_files: number | null;
  }

  /** What `GET /api/stage/check` has as `report`. */
  interface Report {
    ok: boolean;
    kept: number;
    broken: number;
    elapsed_ms: number;
    scenarios: {
      id: string;
      kept: boolean;
      status: number | null;
      elapsed_ms: number;
      events: { event_id: string; level: string; type: string | null; message: string | null }[];
      mismatches: Mismatch[];
    }[];
    skipped: { id: string; reason: string }[];
    services: { service: string; recovered: boolean; mismatches: Mismatch[] }[];
  }
}
