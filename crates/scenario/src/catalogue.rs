//! All scenarios of a service: mounted as routes, served as JSON.

use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, Resource, web};
use sentry_context::failure::Failure;
use sentry_context::metrics;
use serde::Serialize;
use serde_json::{Value, json};

use crate::guards::tag;
use crate::{Expect, Guards, Method, Parameter, Refusal, Scenario, only};

/// The scenarios of one service.
pub struct Catalogue {
    /// Name of the service, first part of each id.
    pub service: &'static str,
    /// Where the catalogue is served: `/debug`.
    pub path: &'static str,
    /// Every scenario, in the order of a walkthrough.
    pub scenarios: &'static [&'static Scenario],
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalogue({}, {} scenarios)", self.service, self.scenarios.len())
    }
}

/// A scenario as the catalogue shows it.
#[derive(Serialize)]
struct Entry {
    id: String,
    method: Method,
    path: &'static str,
    title: &'static str,
    demonstrates: &'static str,
    parameters: &'static [&'static Parameter],
    expect: Expect,
    expect_without_database: Option<Expect>,
    look_for: &'static str,
    active: Option<Value>,
}

impl Catalogue {
    /// Mounts every scenario and the catalogue itself, behind the guards.
    pub fn mount(&'static self, app: &mut web::ServiceConfig, guards: &Guards) {
        let list = web::get().to(move |request: HttpRequest| async move { self.list(&request) });
        let resource = web::resource(self.path).route(list).default_service(only("GET"));
        app.service(self.guarded(resource, guards));
        let mut mounted: Vec<&str> = Vec::new();
        for scenario in self.scenarios {
            if !mounted.contains(&scenario.path) {
                mounted.push(scenario.path);
                app.service(self.guarded(self.resource(scenario.path), guards));
            }
        }
    }

    /// The path words that distinguish the scenarios which share this one's path.
    pub fn words_of(&self, scenario: &Scenario) -> Vec<&'static str> {
        let siblings = self.scenarios.iter().filter(|other| other.path == scenario.path);
        siblings
            .flat_map(|sibling| sibling.parameters)
            .filter_map(|parameter| parameter.path_word())
            .collect()
    }

    /// One resource per path, so that a wrong method is 405 and not 404.
    fn resource(&self, path: &'static str) -> Resource {
        let mut resource = web::resource(path);
        let mut methods: Vec<Method> = Vec::new();
        for scenario in self.scenarios.iter().filter(|scenario| scenario.path == path) {
            if !methods.contains(&scenario.method) {
                methods.push(scenario.method);
                resource = resource.route((scenario.route)(web::method(scenario.method.http())));
            }
        }
        let names: Vec<_> = methods.iter().map(|method| method.http().to_string()).collect();
        resource.default_service(only(names.join(", ")))
    }

    fn guarded(
        &'static self,
        resource: Resource,
        guards: &Guards,
    ) -> impl actix_web::dev::HttpServiceFactory + 'static {
        let guards = guards.clone();
        resource.wrap(from_fn(move |request, next| self.enter(guards.clone(), request, next)))
    }

    async fn enter<B: MessageBody + 'static>(
        &'static self,
        guards: Guards,
        request: ServiceRequest,
        next: Next<B>,
    ) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
        let scenario = self.of(request.request());
        let slot = guards.admit(&request).and_then(|()| scenario.map(|it| guards.slot(it)).transpose());
        match slot {
            Ok(slot) => request.extensions_mut().insert(slot.unwrap_or_default()),
            Err(refusal) => return Ok(refuse(request, refusal)),
        };
        if let Some(scenario) = scenario {
            tag(self.service, scenario, request.request());
            metrics::count("scenario.fired", &[("scenario", scenario.name)]);
        }
        Ok(next.call(request).await?.map_into_left_body())
    }

    /// The scenario that this request asks for. Where several share a path, its words decide.
    fn of(&self, request: &HttpRequest) -> Option<&'static Scenario> {
        let pattern = request.match_pattern()?;
        let here = |scenario: &&'static Scenario| {
            scenario.path == pattern && scenario.method.http() == *request.method()
        };
        let exact = |scenario: &&'static Scenario| {
            scenario.parameters.iter().all(|parameter| parameter.is_default_in(request))
        };
        let candidates: Vec<&'static Scenario> = self.scenarios.iter().copied().filter(here).collect();
        match candidates[..] {
            [only] => Some(only),
            _ => candidates.into_iter().find(exact),
        }
    }

    fn list(&self, request: &HttpRequest) -> HttpResponse {
        let entry = |scenario: &&'static Scenario| Entry {
            id: format!("{}.{}", self.service, scenario.name),
            method: scenario.method,
            path: scenario.path,
            title: scenario.title,
            demonstrates: scenario.demonstrates,
            parameters: scenario.parameters,
            expect: scenario.expect,
            expect_without_database: scenario.without_database,
            look_for: scenario.look_for,
            active: scenario.active.and_then(|active| active(request)),
        };
        let scenarios: Vec<Entry> = self.scenarios.iter().map(entry).collect();
        HttpResponse::Ok().json(json!({ "service": self.service, "scenarios": scenarios }))
    }
}

fn refuse<B>(request: ServiceRequest, refusal: Refusal) -> ServiceResponse<EitherBody<B, BoxBody>> {
    request.error_response(Failure::from(refusal)).map_into_right_body()
}
