//! The profiles of calls: in which function of the service a call spent most of its time.

use std::collections::HashMap;
use std::time::Duration;

use inbox::answers::{Profile, ProfileFunction};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::error::CheckError;
use super::mismatch::Mismatch;
use super::received::{InboxApi, Received};
use super::selection::Selected;
use crate::terminal::Progress;

/// Between two questions to the inbox.
const INTERVAL: Duration = Duration::from_millis(200);

/// How the profile of a call differs from the promise of its scenario; `None` if it does not, or nothing is promised.
/// Chunks of 10 s are sent when they are whole: the profile is waited for, until `limit`.
pub async fn compare(
    inbox: &InboxApi,
    it: &Selected<'_>,
    received: &Received,
    limit: Duration,
    progress: &Progress,
) -> Result<Option<Mismatch>, CheckError> {
    let promised = it.scenario.expect.hot_function.as_ref().filter(|_| it.service.catalogue.profiled);
    let (Some(promised), Some(transaction)) = (promised, received.transactions.first()) else {
        return Ok(None);
    };
    progress.show(&format!("waiting for the profile of {}, which takes up to 10 s", it.scenario.id));
    let hottest = profile(inbox, transaction, limit).await?.as_ref().and_then(hottest);
    let holds = hottest.as_ref().is_some_and(|hottest| is_function(hottest, promised));
    let differs = || Mismatch {
        field: "profile.hot_function".to_owned(),
        promised: promised.as_str().into(),
        got: hottest.clone().map_or(Value::Null, Value::from),
    };
    Ok((!holds).then(differs))
}

/// The profile of the time of a transaction, once all of it has arrived.
async fn profile(
    inbox: &InboxApi,
    transaction: &Value,
    limit: Duration,
) -> Result<Option<Profile>, CheckError> {
    let id = transaction["event_id"].as_str().unwrap_or_default();
    let end = transaction["timestamp"].as_f64().unwrap_or_default();
    let deadline = Instant::now() + limit;
    loop {
        let profile = inbox.profile_of(id).await?;
        if Instant::now() >= deadline || profile.as_ref().is_some_and(|profile| profile.profiler.to >= end) {
            return Ok(profile);
        }
        sleep(INTERVAL).await;
    }
}

/// The function of the service in which most time was spent, what it called that is not the service's included.
fn hottest(profile: &Profile) -> Option<String> {
    let mut times: HashMap<String, f64> = HashMap::new();
    let mut ours: Vec<Option<String>> = Vec::with_capacity(profile.nodes.len());
    for node in &profile.nodes {
        let own = profile.functions.get(node.function).filter(|function| function.in_app).map(path);
        let path = own.or_else(|| ours.get(node.parent?)?.clone());
        if let Some(path) = &path {
            *times.entry(path.clone()).or_default() += node.self_ms;
        }
        ours.push(path);
    }
    let (hottest, _) =
        times.into_iter().max_by(|(_, a), (_, b)| a.total_cmp(b)).filter(|(_, time)| *time > 0.0)?;
    Some(hottest)
}

/// Module and name, which may begin with the module. A closure is a part of the function that it stands in.
fn path(function: &ProfileFunction) -> String {
    let module = function.module.as_ref().map(|module| format!("{module}::")).unwrap_or_default();
    let path = module.clone() + function.function.strip_prefix(&module).unwrap_or(&function.function);
    let end = path.find("::{{closure}}").or_else(|| path.find("::{closure#")).unwrap_or(path.len());
    path[..end].to_owned()
}

/// Whether a path ends with another one.
fn is_function(path: &str, end: &str) -> bool {
    path.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Of nodes, each with its parent, function, and own time.
    fn profile(nodes: &[(Option<usize>, usize, f64)]) -> Profile {
        let functions = [
            ("run", "shop::server", true),
            ("sort", "core::slice", false),
            ("shop::domain::rank::{{closure}}", "shop::domain", true),
        ];
        let function = |(function, module, in_app): (&str, &str, bool)| json!({ "function": function, "module": module, "file": null, "in_app": in_app, "self_ms": 0, "total_ms": 0 });
        let node = |(parent, function, self_ms): &(Option<usize>, usize, f64)| json!({ "parent": parent, "function": function, "self_ms": self_ms, "total_ms": 0 });
        let profiler = json!({ "profiler_id": "", "project": "", "from": 0, "to": 0, "chunks": 1, "samples": 1, "threads": [] });
        serde_json::from_value(json!({
            "profiler": profiler, "from": 0, "to": 0, "thread": null, "by_span": true, "threads": [], "samples": 1,
            "busy_ms": 0, "idle_ms": 0, "functions": functions.map(function), "nodes": nodes.iter().map(node).collect::<Vec<_>>(),
            "omitted": 0, "timeline": { "from": 0, "to": 0, "busy_ms": [], "cpu_percent": [], "memory_mb": [] },
        }))
        .unwrap()
    }

    #[test]
    fn the_time_of_foreign_code_is_that_of_its_caller() {
        let nodes = [(None, 0, 5.0), (Some(0), 1, 1.0), (Some(0), 2, 3.0), (Some(2), 1, 4.0)];
        assert_eq!(hottest(&profile(&nodes)).as_deref(), Some("shop::domain::rank"));
        let nodes = [(None, 0, 5.0), (Some(0), 1, 3.0), (Some(0), 2, 3.0), (Some(2), 1, 4.0)];
        assert_eq!(hottest(&profile(&nodes)).as_deref(), Some("shop::server::run"));
        assert_eq!(hottest(&profile(&[(None, 1, 9.0)])), None);
        assert_eq!(hottest(&profile(&[])), None);
    }

    #[test]
    fn a_path_ends_between_names() {
        assert!(is_function("shop::domain::rank", "domain::rank"));
        assert!(is_function("domain::rank", "domain::rank"));
        assert!(!is_function("shop::subdomain::rank", "domain::rank"));
        assert!(!is_function("shop::domain::rank::inner", "domain::rank"));
    }
}
