//! What the scenarios of jobs have in common: the broken job is repaired after some minutes.

use std::time::Duration;

use actix_web::{HttpRequest, web};
use scenario::Parameter;
use sentry_context::monitor::Monitor;
use serde_json::{Value, json};

use crate::detail::RequestInvalid;
use crate::repairs::Repairs;

/// After how many minutes the job is repaired. Sentry notices a run that is missing after two, or three.
pub(super) static REPAIRED_AFTER: Parameter = Parameter::number("repaired_after", 10.0, 4.0, 60.0);

/// The job breaks now, and is repaired later.
pub(super) fn breaks(request: &HttpRequest, monitor: &Monitor) -> Result<(), RequestInvalid> {
    let minutes = REPAIRED_AFTER.read(request)?;
    if let Some(repairs) = request.app_data::<web::Data<Repairs>>() {
        repairs.plan(monitor, Duration::from_secs_f64(60.0 * minutes));
    }
    Ok(())
}

/// What the catalogue says of a job that is out of order.
pub(super) fn broken(request: &HttpRequest, monitor: &Monitor) -> Option<Value> {
    let seconds = request.app_data::<web::Data<Repairs>>()?.seconds_left(monitor)?;
    Some(json!({ "monitor": monitor.slug, "repaired_in_seconds": seconds }))
}
