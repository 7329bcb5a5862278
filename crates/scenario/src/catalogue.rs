//! All scenarios of a service: mounted as routes, served as JSON.

use std::fmt;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, Resource, web};
use sentry_context::failure::Failure;
use sentry_context::{metrics, profile};

use crate::guards::tag;
use crate::listing::{Entry, EventPromise, JobPromise, Listing, Promise};
use crate::{Event, Expect, Guards, Job, Method, Refusal, Scenario, only};

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

impl Catalogue {
    /// Mounts every scenario and the catalogue itself, behind the guards.
    pub fn mount(&'static self, app: &mut web::ServiceConfig, guards: &Guards) {
        let list = web::get().to(move |request: HttpRequest| async move {
            HttpResponse::Ok().json(self.listing(Some(&request)))
        });
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

    /// A resource behind the guards of the scenarios.
    pub fn guarded(
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

    /// The catalogue as it is served; what is still held is known only to a request.
    pub fn listing(&self, request: Option<&HttpRequest>) -> Listing {
        let scenarios = self.scenarios.iter().map(|scenario| scenario.entry(self.service, request));
        Listing {
            service: self.service.to_owned(),
            profiled: profile::profiler_id().is_some(),
            scenarios: scenarios.collect(),
        }
    }
}

impl Scenario {
    fn entry(&self, service: &str, request: Option<&HttpRequest>) -> Entry {
        Entry {
            id: format!("{service}.{}", self.name),
            method: self.method,
            path: self.path.to_owned(),
            title: self.title.to_owned(),
            demonstrates: self.demonstrates.to_owned(),
            parameters: self.parameters.iter().map(|parameter| parameter.entry()).collect(),
            expect: (&self.expect).into(),
            expect_without_database: self.without_database.as_ref().map(Promise::from),
            look_for: self.look_for.to_owned(),
            unavailable: self.unavailable.map(str::to_owned),
            active: self.active.zip(request).and_then(|(active, request)| active(request)),
        }
    }
}

impl From<&Expect> for Promise {
    fn from(&Expect { status, event, events, also, hot_function, spans, job }: &Expect) -> Self {
        let event = event.as_ref().map(EventPromise::from).unwrap_or_default();
        let hot_function = hot_function.map(str::to_owned);
        let also = also.iter().map(EventPromise::from).collect();
        let job = job.as_ref().map(JobPromise::from);
        Self { status, event, events, also, hot_function, spans, job }
    }
}

impl From<&Job> for JobPromise {
    fn from(&Job { monitor, run, state, after_minutes }: &Job) -> Self {
        Self { monitor: monitor.to_owned(), run, state, after_minutes }
    }
}

impl From<&Event> for EventPromise {
    fn from(event: &Event) -> Self {
        let list = |words: &[&str]| Some(words.iter().map(ToString::to_string).collect());
        Self {
            level: Some(event.level),
            ty: event.ty.map(str::to_owned),
            message: event.message.map(str::to_owned),
            handled: event.handled,
            fingerprint: list(event.fingerprint),
            breadcrumbs: list(event.breadcrumbs),
            contexts: list(event.contexts),
        }
    }
}

fn refuse<B>(request: ServiceRequest, refusal: Refusal) -> ServiceResponse<EitherBody<B, BoxBody>> {
    request.error_response(Failure::from(refusal)).map_into_right_body()
}
