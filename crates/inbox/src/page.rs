//! The page: a few files that are part of the binary, and those that the embedding program adds.

use std::fmt;
use std::sync::Arc;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::StartError;
use crate::answers::{Hints, Page};
use crate::refusal::{refusal, takes};

const INDEX: &str = include_str!("../page/index.html");

/// So that a name is written once.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(File { name: $name, content: include_str!(concat!("../page/", $name)) }),+]
    };
}
const FILES: &[File] = &files![
    "additions.js",
    "address.js",
    "api.js",
    "breadcrumbs.js",
    "chart.js",
    "contexts.js",
    "dom.js",
    "editor.js",
    "envelopes.js",
    "event.js",
    "evidence.js",
    "exceptions.js",
    "feedback.js",
    "flame.js",
    "frames.js",
    "hottest.js",
    "icon.svg",
    "issue.js",
    "issues.js",
    "json.js",
    "listing.js",
    "logs.js",
    "markdown.js",
    "metrics.js",
    "monitors.js",
    "page.js",
    "payload.js",
    "profiles.js",
    "range-choice.js",
    "range.js",
    "raw.js",
    "redraw.js",
    "releases.js",
    "request.js",
    "shown.js",
    "spans.js",
    "stacks.js",
    "status.js",
    "style.css",
    "tabs.js",
    "time.js",
    "trace.js",
    "traces.js",
    "transaction.js",
    "waterfall.js",
    "vendor/uPlot.esm.js",
    "vendor/uPlot.min.css",
];

/// Contents of events are hostile: even markup that slipped through could load and run nothing.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// What the embedding program adds to the page.
///
/// A tab is a file that exports a `Tab` by default, as the inbox's own `issues.js` does: its name, its path and its views.
/// It may import the modules of the inbox and other added files, all from the same folder.
#[derive(Debug, Clone, Default)]
pub struct Additions {
    /// Names of the files that export a tab, in the order of the tabs. They come before the inbox's own.
    pub tabs: Vec<&'static str>,
    /// Modules and style sheets.
    pub files: Vec<File>,
    /// What the page proposes while there is nothing to show.
    pub hints: Hints,
    /// Routes for the added tabs. A request of a foreign host or origin does not reach them.
    pub routes: Routes,
}

/// A file that the page loads from the root of the inbox.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its name, which ends in `.js`, `.css` or `.svg`.
    pub name: &'static str,
    /// Its text.
    pub content: &'static str,
}

impl File {
    fn media_type(self) -> Option<&'static str> {
        match self.name.rsplit_once('.')?.1 {
            "js" => Some("text/javascript; charset=utf-8"),
            "css" => Some("text/css; charset=utf-8"),
            "svg" => Some("image/svg+xml"),
            _ => None,
        }
    }
}

/// Routes of the embedding program; none by default.
#[derive(Clone, Default)]
pub struct Routes(Option<Arc<Configure>>);

type Configure = dyn Fn(&mut web::ServiceConfig) + Send + Sync;

impl Routes {
    /// The routes that this function configures.
    pub fn new(configure: impl Fn(&mut web::ServiceConfig) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(configure)))
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routes").field(&self.0.is_some()).finish()
    }
}

impl Additions {
    /// Each file has a name of its own and a known type, and each tab is one of them.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let refused = |name: &str| Err(StartError::File(name.to_owned()));
        let mut names: Vec<_> = FILES.iter().map(|file| file.name).collect();
        for file in &self.files {
            let plain = file.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if !plain || file.media_type().is_none() || names.contains(&file.name) {
                return refused(file.name);
            }
            names.push(file.name);
        }
        let is_added = |name: &&&str| self.files.iter().any(|file| file.name == **name);
        match self.tabs.iter().find(|name| !is_added(name)) {
            Some(missing) => refused(missing),
            None => Ok(()),
        }
    }

    pub(crate) fn configure(&self, app: &mut web::ServiceConfig) {
        let page = web::Data::new(Page {
            tabs: self.tabs.iter().map(|name| format!("/{name}")).collect(),
            hints: self.hints.clone(),
        });
        let page = move || {
            let page = page.clone();
            async move { HttpResponse::Ok().json(page) }
        };
        app.service(web::resource("/api/page").get(page).default_service(takes("GET")));
        app.service(web::resource("/").get(async || index()).default_service(takes("GET")));
        for file in FILES.iter().chain(&self.files).copied() {
            let serve = move || async move { answer(file.media_type().unwrap_or_default(), file.content) };
            app.service(web::resource(format!("/{}", file.name)).get(serve).default_service(takes("GET")));
        }
        if let Some(routes) = &self.routes.0 {
            routes(app);
        }
    }
}

/// Where nothing else is. Only the page knows which addresses its tabs have: a browser that goes to one gets the page.
pub(crate) async fn elsewhere(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let visits = request.method() == Method::GET && accepted.contains("text/html");
    if visits && !request.path().starts_with("/api") {
        return index();
    }
    refusal(StatusCode::NOT_FOUND, "there is nothing at this path")
}

fn index() -> HttpResponse {
    answer("text/html; charset=utf-8", INDEX)
}

fn answer(media_type: &'static str, content: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        // Another version of the binary may serve this address next.
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(content)
}
