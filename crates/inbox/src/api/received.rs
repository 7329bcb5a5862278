//! What arrived besides events and transactions, and the envelopes themselves.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::filter::{Filter, LIMIT, wanted};
use super::{found, get, missing};
use crate::answers::{
    Attachments, ClientReports, Envelopes, FeedbackList, Monitors, Refusals, Replays, SessionsByRelease,
};
use crate::attachments::{Attachment, image_type};
use crate::refusal::refusal;
use crate::store::Store;
use crate::timestamp;

/// How far ahead monitors can be looked at, seconds: a year.
const MAX_AHEAD: f64 = 31_622_400.0;

/// Contents are hostile: whatever they are, they load and run nothing.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

pub(super) fn routes(app: &mut web::ServiceConfig) {
    app.service(get("/api/attachments").get(attachments))
        .service(get("/api/attachments/{id}").get(attachment))
        .service(get("/api/feedback").get(feedback))
        .service(get("/api/monitors").get(monitors))
        .service(get("/api/replays").get(replays))
        .service(get("/api/client-reports").get(client_reports))
        .service(get("/api/sessions").get(sessions))
        .service(get("/api/refusals").get(refusals))
        .service(get("/api/envelopes").get(envelopes))
        .service(get("/api/envelopes/{id}").get(envelope))
        .service(get("/api/envelopes/{id}/raw").get(raw_envelope));
}

async fn attachments(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| filter.page(LIMIT, state.attachments.newest_first()));
    HttpResponse::Ok().json(Attachments { attachments: page.entries, more: page.more })
}

/// The content of an attachment: an image is shown, everything else is saved.
async fn attachment(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    let held = store.read(|state| {
        let held = state.attachments.get(id.parse().ok()?)?;
        Some((held.attachment.clone(), held.content.clone()))
    });
    let Some((attachment, content)) = held else { return missing("attachment") };
    let image = image_type(&content);
    let how = if image.is_some() { "inline" } else { "attachment" };
    file(content, image.unwrap_or("application/octet-stream"), &disposition(how, &attachment))
}

fn file(content: Bytes, media_type: &'static str, disposition: &str) -> HttpResponse {
    let disposition =
        HeaderValue::from_str(disposition).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(content)
}

/// [The name](https://www.rfc-editor.org/rfc/rfc6266) without folders, once for old programs and once as it is.
fn disposition(how: &str, attachment: &Attachment) -> String {
    let name = attachment.filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = if name.is_empty() || name.chars().all(|it| it == '.') { "unnamed" } else { name };
    let plain = |it: char| if it.is_ascii_alphanumeric() || "._- ".contains(it) { it } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let encoded: String = name.bytes().map(encoded).collect();
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

async fn feedback(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| {
        let newest_first = state.feedback.iter().rev();
        filter.page(LIMIT, newest_first.filter(|it| wanted(filter.trace.as_ref(), it.trace_id.as_ref())))
    });
    HttpResponse::Ok().json(FeedbackList { feedback: page.entries, more: page.more })
}

/// When the monitors are looked at: so many seconds from now, unless a job checks in before. What is missed or times out
/// takes minutes; nobody has to wait for it to see that it will.
#[derive(Deserialize)]
struct Look {
    #[serde(rename = "in", default)]
    seconds: f64,
}

async fn monitors(look: web::Query<Look>, store: web::Data<Store>) -> HttpResponse {
    if !(0.0..=MAX_AHEAD).contains(&look.seconds) {
        let reason = format!("`in` must be a number of seconds from 0 to {MAX_AHEAD}");
        return refusal(StatusCode::BAD_REQUEST, &reason);
    }
    let now = timestamp::now();
    store.pass_time(now);
    HttpResponse::Ok().json(Monitors { monitors: store.read(|state| state.monitors.at(now + look.seconds)) })
}

async fn replays(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(Replays { replays: store.read(|state| state.replays.all()) })
}

async fn client_reports(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(store.read(|state| ClientReports {
        discarded: state.discarded(),
        reports: state.client_reports.iter().rev().cloned().collect(),
    }))
}

async fn sessions(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(SessionsByRelease { sessions: store.read(|state| state.sessions.all()) })
}

async fn refusals(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(Refusals { refusals: store.read(|state| state.refusals.newest_first()) })
}

async fn envelopes(filter: web::Query<Filter>, store: web::Data<Store>) -> HttpResponse {
    let page = store.read(|state| filter.page(LIMIT, state.envelopes.newest_first()));
    HttpResponse::Ok().json(Envelopes { envelopes: page.entries, more: page.more })
}

async fn envelope(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    found("envelope", store.read(|state| state.envelopes.get(id.parse().ok()?).cloned()))
}

/// The bytes of an envelope, decompressed.
async fn raw_envelope(id: web::Path<String>, store: web::Data<Store>) -> HttpResponse {
    match store.read(|state| state.envelopes.raw(id.parse().ok()?)) {
        Some(raw) => file(raw, "application/octet-stream", "attachment; filename=\"envelope.txt\""),
        None => missing("envelope"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_no_path_and_no_header() {
        let of = |filename: &str| {
            let attachment = Attachment {
                id: 1,
                event_id: String::new(),
                filename: filename.to_owned(),
                content_type: None,
                bytes: 0,
                attachment_type: String::new(),
                image: false,
            };
            disposition("attachment", &attachment)
        };
        assert_eq!(of("log.txt"), "attachment; filename=\"log.txt\"; filename*=UTF-8''log.txt");
        assert_eq!(of("../../etc/passwd"), of("passwd"));
        assert_eq!(of("C:\\logs\\a.txt"), of("a.txt"));
        assert_eq!(of(".."), of("unnamed"));
        assert_eq!(of("\""), "attachment; filename=\"_\"; filename*=UTF-8''%22");
        assert!(of("a\r\nSet-Cookie: x\u{1f48e}").is_ascii());
        assert!(!of("a\r\nSet-Cookie: x").contains('\r'));
    }
}
