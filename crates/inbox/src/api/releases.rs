//! The part of [Sentry's own API](https://docs.sentry.io/api/releases/) that `sentry-cli` asks for when it makes a release.
//! Any organization and any token are accepted.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::sentry_cli::{MAX_BODY, refused};
use super::{debug_files, missing, unreadable_body};
use crate::answers;
use crate::refusal::{refusal, takes};
use crate::releases::{Change, Commit, Deploy, NewDeploy, Release};
use crate::store::Store;

/// Longest version, bytes: Sentry's own bound.
const MAX_VERSION: usize = 200;

pub(super) fn routes(app: &mut web::ServiceConfig) {
    let json = web::JsonConfig::default().limit(MAX_BODY).error_handler(unreadable_body);
    let organization = web::scope("/api/0/organizations/{organization}")
        .app_data(json)
        .service(web::resource("/repos/").get(no_repositories).default_service(takes("GET")))
        .service(web::resource("/releases/").get(all).post(make).default_service(takes("GET, POST")))
        .service(
            web::resource("/releases/{version}/").get(one).put(change).default_service(takes("GET, PUT")),
        )
        .service(
            web::resource("/releases/{version}/previous-with-commits/")
                .get(before)
                .default_service(takes("GET")),
        )
        .service(web::resource("/releases/{version}/commits/").get(commits).default_service(takes("GET")))
        .service(
            web::resource("/releases/{version}/deploys/")
                .get(deploys)
                .post(deploy)
                .default_service(takes("GET, POST")),
        )
        .configure(debug_files::chunks)
        .default_service(web::to(|| async { missing("part of Sentry's API") }));
    app.service(organization).service(super::get("/api/releases").get(held));
}

/// `GET /api/releases`, for the page.
async fn held(store: web::Data<Store>) -> HttpResponse {
    HttpResponse::Ok().json(answers::Releases { releases: store.read(|state| state.releases.newest_first()) })
}

/// Repositories are known where an integration is installed. Without one, commits come with the release.
async fn no_repositories() -> HttpResponse {
    HttpResponse::Ok().json(json!([]))
}

async fn all(store: web::Data<Store>) -> HttpResponse {
    let releases = store.read(|state| state.releases.newest_first());
    HttpResponse::Ok().json(releases.iter().map(Answer::of).collect::<Vec<_>>())
}

async fn make(request: HttpRequest, change: web::Json<Change>, store: web::Data<Store>) -> HttpResponse {
    match change.version.clone() {
        Some(version) => changed(&request, &version, &change, &store, StatusCode::CREATED),
        None => refusal(StatusCode::BAD_REQUEST, "it has no version"),
    }
}

async fn change(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    change: web::Json<Change>,
    store: web::Data<Store>,
) -> HttpResponse {
    changed(&request, &path.1, &change, &store, StatusCode::OK)
}

fn changed(
    request: &HttpRequest,
    version: &str,
    change: &Change,
    store: &Store,
    status: StatusCode,
) -> HttpResponse {
    if let Some(refused) = refused(request) {
        return refused;
    }
    let is_good = !version.is_empty()
        && version.len() <= MAX_VERSION
        && !version.contains(['/', '\\', '\n', '\r', '\t'])
        && ![".", ".."].contains(&version);
    if !is_good {
        return refusal(
            StatusCode::BAD_REQUEST,
            "a version has 1 to 200 bytes and no slashes and line breaks",
        );
    }
    let release = store.change_releases(|releases| releases.change(version, change));
    HttpResponse::build(status).json(Answer::of(&release))
}

async fn one(path: web::Path<(String, String)>, store: web::Data<Store>) -> HttpResponse {
    super::found("release", store.read(|state| state.releases.get(&path.1).map(Answer::of)))
}

/// The release before, whose latest commit is the first that is not new; nothing if there is none.
async fn before(path: web::Path<(String, String)>, store: web::Data<Store>) -> HttpResponse {
    let before = store.read(|state| state.releases.before(&path.1).map(|release| json!(Answer::of(release))));
    HttpResponse::Ok().json(before.unwrap_or_else(|| json!({})))
}

async fn commits(path: web::Path<(String, String)>, store: web::Data<Store>) -> HttpResponse {
    let commits = |release: &Release| release.commits.iter().map(commit).collect::<Vec<_>>();
    super::found("release", store.read(|state| state.releases.get(&path.1).map(commits)))
}

async fn deploys(path: web::Path<(String, String)>, store: web::Data<Store>) -> HttpResponse {
    let deploys = |release: &Release| release.deploys.iter().map(deployed).collect::<Vec<_>>();
    super::found("release", store.read(|state| state.releases.get(&path.1).map(deploys)))
}

async fn deploy(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    new: web::Json<NewDeploy>,
    store: web::Data<Store>,
) -> HttpResponse {
    if let Some(refused) = refused(&request) {
        return refused;
    }
    match store.change_releases(|releases| releases.deploy(&path.1, &new)) {
        Some(deploy) => HttpResponse::Created().json(deployed(&deploy)),
        None => missing("release"),
    }
}

/// A release as Sentry answers it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    version: String,
    date_created: Option<String>,
    date_released: Option<String>,
    last_commit: Option<Value>,
    commit_count: usize,
    deploy_count: usize,
    new_groups: u64,
    url: Option<String>,
    last_event: Option<String>,
    projects: Vec<Value>,
}

impl Answer {
    fn of(release: &Release) -> Self {
        Self {
            version: release.version.clone(),
            date_created: date(release.created_at),
            date_released: release.released_at.and_then(date),
            last_commit: release.commits.first().map(commit),
            commit_count: release.commits.len(),
            deploy_count: release.deploys.len(),
            new_groups: 0,
            url: None,
            last_event: None,
            projects: release.projects.iter().map(|it| json!({ "slug": it, "name": it })).collect(),
        }
    }
}

fn commit(commit: &Commit) -> Value {
    json!({
        "id": commit.id,
        "message": commit.message,
        "dateCreated": commit.created_at.and_then(date),
        "author": commit.author.as_ref().map(|name| json!({ "name": name })),
    })
}

fn deployed(deploy: &Deploy) -> Value {
    json!({
        "id": deploy.id.to_string(),
        "environment": deploy.environment,
        "name": deploy.name,
        "url": null,
        "dateStarted": null,
        "dateFinished": date(deploy.finished_at),
    })
}

/// RFC 3339; `None` if no calendar has the time.
fn date(seconds: f64) -> Option<String> {
    // A cast of a float ends at the bounds of the integer.
    Some(Timestamp::from_microsecond((seconds * 1e6) as i64).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::releases::Releases;

    /// A field of any kind, or of the kind that is meant.
    fn field() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            any::<i64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            "[a-zä💎]{0,2000}".prop_map(Value::from),
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](Z|[+-][0-9]{2}:[0-9]{2})?"
                .prop_map(Value::from),
            vec(any::<u8>(), 0..3).prop_map(Value::from),
        ]
    }

    fn commit_of_anything() -> impl Strategy<Value = Value> {
        let commit = |(id, message, author, timestamp)| json!({ "id": id, "message": message, "author_name": author, "timestamp": timestamp });
        prop_oneof![4 => (field(), field(), field(), field()).prop_map(commit), 1 => field()]
    }

    proptest! {
        #[test]
        fn fuzz_any_commit_is_read_within_its_bounds_or_left_out(
            commits in vec(commit_of_anything(), 0..6), projects in vec(field(), 0..4), released in field()
        ) {
            let with_ids = commits.iter().filter(|commit| commit["id"].is_string()).count();
            let sent = json!({ "commits": commits, "projects": projects, "dateReleased": released });
            let change: Change = serde_json::from_value(sent)?;
            let release = Releases::default().change("shop@1", &change);
            prop_assert_eq!(release.commits.len(), with_ids);
            for commit in &release.commits {
                let texts = [Some(&commit.id), commit.message.as_ref(), commit.author.as_ref()];
                prop_assert!(texts.into_iter().flatten().all(|text| text.len() <= 1_024));
                prop_assert!(commit.created_at.is_none_or(f64::is_finite));
            }
            // Both answers can be written, and the one for the page says what is held.
            let answers = (serde_json::to_string(&Answer::of(&release))?, serde_json::to_value(&release)?);
            prop_assert!(answers.0.len() < 16 * 1_024);
            prop_assert_eq!(serde_json::from_value::<Release>(answers.1)?, release);
        }
    }
}
