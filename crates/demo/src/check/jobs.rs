//! The jobs that calls run: what the receiver makes of their check-ins.
//!
//! A run times out, or is missed, a minute after it should have ended or begun, at the earliest. Nobody waits for that: the
//! inbox says how a monitor will be then, unless its job checks in again.

use std::time::Duration;

use inbox::{CheckIn, Monitor};
use scenario::listing::JobPromise;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::call::Call;
use super::error::CheckError;
use super::mismatch::Findings;
use super::received::InboxApi;

/// Between two questions to the inbox.
const INTERVAL: Duration = Duration::from_millis(50);

/// How the job of a call differs from the promise; nothing was compared where none is promised. Check-ins are waited for,
/// until `limit`.
pub async fn compare(
    inbox: &InboxApi,
    promised: Option<&JobPromise>,
    call: &Call,
    limit: Duration,
) -> Result<Findings, CheckError> {
    let mut findings = Findings::default();
    let Some(promised) = promised else { return Ok(findings) };
    let deadline = Instant::now() + limit;
    loop {
        let monitors = inbox.monitors(promised.after_minutes).await?;
        let found = monitors.iter().find_map(|monitor| Some((monitor, run_of(monitor, promised, call)?)));
        // Where a run is promised to end, its end may still be on its way.
        let has_come = found.is_some_and(|(_, run)| run.status == promised.run.as_str());
        if has_come || Instant::now() >= deadline {
            judge(&mut findings, promised, found);
            return Ok(findings);
        }
        sleep(INTERVAL).await;
    }
}

/// The run of the call, by its trace.
fn run_of<'a>(monitor: &'a Monitor, promised: &JobPromise, call: &Call) -> Option<&'a CheckIn> {
    let own = |run: &&CheckIn| run.trace_id.as_deref() == Some(call.trace_id.as_str());
    monitor.check_ins.iter().filter(|_| monitor.slug == promised.monitor).find(own)
}

fn judge(findings: &mut Findings, promised: &JobPromise, found: Option<(&Monitor, &CheckIn)>) {
    let Some((monitor, run)) = found else {
        let wanted = format!("a check-in of {} on the trace of the call", promised.monitor);
        return findings.differ("job", wanted, Value::Null);
    };
    findings.equal("job.run", promised.run.as_str(), run.status.as_str());
    findings.equal("job.state", promised.state.as_str(), monitor.status.as_str());
    findings.hold("job.environment", monitor.environment.is_some(), "set", Value::Null);
    findings.hold("job.release", run.release.is_some(), "set", Value::Null);
    let schedule = monitor.config.as_ref().map(|config| config.read()["schedule"].take());
    let is_object = schedule.as_ref().is_some_and(Value::is_object);
    findings.hold("job.schedule", is_object, "when it runs", schedule.unwrap_or_default());
}
