//! The routes of the tab, below `/api/stage`. The inbox refuses requests of foreign hosts and origins before they get here.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::error::{InternalError, JsonPayloadError};
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, Route, web};
use inbox::answers::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::Control;
use super::known::KnownService;
use super::order::Order;
use super::point::Point;
use super::refused::Refused;
use super::release::Deploy;
use crate::traffic::Options;

/// How long the page waits for a change.
const PATIENCE: Duration = Duration::from_secs(10);

/// Changes come in bursts, which are answered together.
const BURST: Duration = Duration::from_millis(30);

/// Longest body, bytes.
const MAX_BODY: usize = 4096;

/// Adds the routes.
pub fn configure(app: &mut web::ServiceConfig, control: &Control) {
    let json = web::JsonConfig::default().limit(MAX_BODY).content_type_required(false).content_type(|_| true);
    let json = json.error_handler(|error: JsonPayloadError, _: &HttpRequest| {
        let answer = refusal(&Refused::BadBody(error.to_string()));
        InternalError::from_response(error, answer).into()
    });
    app.service(
        web::scope("/api/stage")
            .app_data(web::Data::new(control.clone()))
            .app_data(json)
            .service(web::resource("/state").get(state).default_service(takes("GET")))
            .service(web::resource("/services").get(services).default_service(takes("GET")))
            .service(web::resource("/health").get(health).default_service(takes("GET")))
            .service(web::resource("/runs").post(fire).default_service(takes("POST")))
            .service(web::resource("/check").get(report).post(check).default_service(takes("GET, POST")))
            .service(
                web::resource("/release")
                    .post(deploy)
                    .delete(roll_back)
                    .default_service(takes("POST, DELETE")),
            )
            .service(
                web::resource("/traffic").post(start).delete(stop).default_service(takes("POST, DELETE")),
            ),
    );
}

fn takes(methods: &'static str) -> Route {
    web::route().to(move || async move {
        let error = format!("this path takes {methods} only");
        let refusal = Refusal { error, ty: "MethodNotAllowed".to_owned() };
        HttpResponse::MethodNotAllowed().insert_header(("Allow", methods)).json(refusal)
    })
}

fn refusal(refused: &Refused) -> HttpResponse {
    let status = refused.status();
    let ty = status.canonical_reason().unwrap_or("Error").replace(' ', "");
    HttpResponse::build(status).json(Refusal { error: refused.to_string(), ty })
}

fn accepted(outcome: Result<impl Serialize, Refused>) -> HttpResponse {
    match outcome {
        Ok(document) => HttpResponse::Accepted().json(document),
        Err(refused) => refusal(&refused),
    }
}

#[derive(Deserialize)]
struct After {
    /// The version that the page has, or the time of its last point.
    #[serde(default)]
    after: f64,
}

/// The state, once it is another than the page has; after some seconds, as it is.
async fn state(query: web::Query<After>, control: web::Data<Control>) -> HttpResponse {
    control.looked();
    let mut version = control.0.version.subscribe();
    let known = query.after;
    if known > 0.0 {
        // The sender lives as long as the control.
        let _ = timeout(PATIENCE, version.wait_for(|version| *version as f64 != known)).await;
        sleep(BURST).await;
    }
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(control.written())
}

/// `GET /api/stage/services`.
#[derive(Serialize)]
struct Services {
    services: Vec<Listed>,
}

/// A service and its catalogue, with the promises that hold for it now.
#[derive(Serialize)]
struct Listed {
    name: String,
    catalogue: u64,
    profiled: bool,
    scenarios: Vec<scenario::listing::Entry>,
}

async fn services(control: web::Data<Control>) -> HttpResponse {
    let listed = |service: &KnownService| Listed {
        name: service.name.clone(),
        catalogue: service.catalogue,
        profiled: service.listing.as_ref().is_some_and(|listing| listing.profiled),
        scenarios: service.listing.as_ref().map(|listing| listing.scenarios.clone()).unwrap_or_default(),
    };
    let services = control.read(|state| state.services.iter().map(listed).collect());
    HttpResponse::Ok().json(Services { services })
}

/// `GET /api/stage/health`.
#[derive(Serialize)]
struct Health {
    points: BTreeMap<String, Vec<Point>>,
}

async fn health(query: web::Query<After>, control: web::Data<Control>) -> HttpResponse {
    control.looked();
    HttpResponse::Ok().json(Health { points: control.points_after(query.after).into_iter().collect() })
}

async fn fire(order: web::Json<Order>, control: web::Data<Control>) -> HttpResponse {
    accepted(control.fire(&order).map(|run| json!({ "run": run })))
}

async fn check(control: web::Data<Control>) -> HttpResponse {
    accepted(control.check_all().map(|()| json!({})))
}

async fn report(control: web::Data<Control>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "report": control.report() }))
}

async fn start(options: web::Json<Options>, control: web::Data<Control>) -> HttpResponse {
    accepted(control.start_traffic(options.into_inner()).map(|()| json!({})))
}

async fn stop(control: web::Data<Control>) -> HttpResponse {
    control.stop_traffic().await;
    HttpResponse::NoContent().finish()
}

async fn deploy(deploy: web::Json<Deploy>, control: web::Data<Control>) -> HttpResponse {
    accepted(control.deploy(deploy.into_inner()).map(|()| json!({})))
}

async fn roll_back(control: web::Data<Control>) -> HttpResponse {
    accepted(control.roll_back().map(|()| json!({})))
}
