use std::error::Error;

use actix_web::{App, HttpResponse, HttpServer, web};
use sentry_context::client::{self, Config, Service};
use sentry_context::failure::Failure;
use sentry_context::instrument::instrument;
use sentry_context::platform::Portable;
use sentry_context::report::Reportable;
use sentry_context::{Facts, breadcrumbs, facts, logs, user};

static SERVICE: Service = Service {
    name: "shop",
    release_name: "shop", // the release is shop@$APP_VERSION
    in_app: &["shop"],    // whose frames are ours
    panic_type: "Panic",
    fingerprint_rules: "error.type:StockError -> stock, {{ transaction }}",
    platform: &Portable, // or &sentry_native::Native
};

#[derive(Debug, thiserror::Error)]
#[error("the stock of an article cannot be read")]
struct StockError {
    article: u32,
    source: std::num::ParseIntError,
}

impl Reportable for StockError {
    fn type_name(&self) -> &'static str {
        "StockError"
    }

    fn context(&self) -> Option<(&'static str, Facts)> {
        Some(("stock", facts([("article", self.article.into())])))
    }
}

fn stock(article: u32, stored: &str) -> Result<u32, StockError> {
    breadcrumbs::step("stock", "reading the stock", facts([("article", article.into())]));
    stored.parse().map_err(|source| StockError { article, source })
}

// `?` keeps the stack of its line; the boundary makes one event, and a JSON answer that names it.
async fn show(article: web::Path<u32>) -> Result<HttpResponse, Failure> {
    user::identify("alice");
    Ok(HttpResponse::Ok().json(stock(*article, "many")?))
}

// Synchronous: the client exists before the runtime's threads do, and outlives them.
fn main() -> Result<(), Box<dyn Error>> {
    logs::init(SERVICE.name)?;
    let sentry = client::init(Config::from_env(&SERVICE)?);
    let hub = sentry.hub();
    let port = std::env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    actix_web::rt::System::new().block_on(async {
        let app = move || App::new().route("/stock/{article}", web::get().to(show)).wrap(instrument(&hub));
        HttpServer::new(app).bind(("127.0.0.1", port))?.run().await
    })?;
    sentry.finish(); // delivers what is queued, within 5 s
    Ok(())
}
