//! The OpenAPI document, made from the statics that the routes are made from: there is no list of its own to forget.

use std::collections::BTreeMap;

use scenario::listing::ParameterValue;
use scenario::{Expect, Method, Parameter, Place, Scenario};
use serde_json::json;
use utoipa::PartialSchema;
use utoipa::openapi::path::{self, HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{
    ComponentsBuilder, Content, Info, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, Response,
    ResponseBuilder,
};

use crate::detail::Detail;
use crate::endpoint::{Endpoint, WholeNumber};
use crate::endpoints::endpoints;
use crate::scenarios::{CATALOGUE, body_of};

/// Names of the shared schemas.
const DETAIL: &str = "Detail";
const ERROR: &str = "Error";

/// The document of every route; without the debug routes where there are none.
pub(crate) fn document(with_debug: bool) -> OpenApi {
    let mut paths = Paths::new();
    for endpoint in endpoints() {
        paths.add_path_operation(endpoint.path, vec![HttpMethod::Get], plain(endpoint));
    }
    if with_debug {
        paths.add_path_operation(CATALOGUE.path, vec![HttpMethod::Get], catalogue());
        for scenario in CATALOGUE.scenarios {
            paths.add_path_operation(scenario.path, vec![method(scenario.method)], breakage(scenario));
        }
    }
    let mut parts = Vec::new();
    endpoints().filter_map(|endpoint| endpoint.shape).for_each(|shape| (shape.parts)(&mut parts));
    let components = ComponentsBuilder::new().schema(DETAIL, Detail::schema()).schema(ERROR, error());
    let components = components.schemas_from_iter(parts).build();
    let mut info = Info::new("Analytics", env!("CARGO_PKG_VERSION"));
    info.description = Some("What was played and paid, and how its queries break.".to_owned());
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

fn plain(endpoint: &Endpoint) -> Operation {
    let mut operation = OperationBuilder::new().summary(Some(endpoint.summary)).tag("service");
    for it in endpoint.parameters {
        operation = operation.parameter(whole_number(it));
    }
    for name in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        operation = operation.parameter(in_path(name));
    }
    for (status, text) in endpoint.answers {
        let reported = match endpoint.shape {
            Some(shape) if *status == 200 => with_schema(text, (shape.schema)()),
            _ => answer(*status, text),
        };
        operation = operation.response(status.to_string(), reported);
    }
    operation.build()
}

fn whole_number(it: &WholeNumber) -> path::Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .default(Some(it.default.into()))
        .minimum(Some(it.min))
        .maximum(Some(it.max));
    let parameter = ParameterBuilder::new().name(it.name).parameter_in(ParameterIn::Query);
    parameter.required(Required::False).schema(Some(schema)).build()
}

fn in_path(name: &str) -> path::Parameter {
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path);
    parameter.required(Required::True).schema(Some(schema)).build()
}

fn catalogue() -> Operation {
    let operation = OperationBuilder::new().summary(Some("Every scenario and its promise")).tag("debug");
    operation.response("200", answer(200, "The catalogue")).build()
}

/// A scenario's operation, in its own words.
fn breakage(scenario: &Scenario) -> Operation {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(scenario.name))
        .summary(Some(scenario.title))
        .description(Some(format!("Shows {}. Look for: {}.", scenario.demonstrates, scenario.look_for)))
        .tag("debug")
        .request_body(body_of(scenario).map(body));
    for it in scenario.parameters {
        operation = operation.parameter(parameter(it));
    }
    for (status, text) in answers(scenario) {
        operation = operation.response(status.to_string(), answer(status, &text));
    }
    operation.build()
}

/// The answers that a scenario promises, and those to callers who choose for themselves. Of two promises with one
/// status the one with a database stands.
fn answers(scenario: &Scenario) -> BTreeMap<u16, String> {
    let promises = [scenario.without_database, Some(scenario.expect)].into_iter().flatten();
    let mut answers: BTreeMap<_, _> = promises.map(|it| (it.status, promised(&it))).collect();
    if body_of(scenario).is_some() {
        answers.insert(200, "The body is valid".to_owned());
    }
    if scenario.parameters.iter().any(|it| it.entry().place == Some(Place::Query)) {
        answers.insert(422, "A parameter is out of bounds".to_owned());
    }
    answers
}

fn promised(promise: &Expect) -> String {
    match &promise.event {
        None => "As promised, and no event in Sentry".to_owned(),
        Some(event) => {
            format!("As promised, and in Sentry: {} {}", event.level, event.ty.unwrap_or("message"))
        }
    }
}

fn parameter(parameter: &Parameter) -> path::Parameter {
    let entry = parameter.entry();
    let (place, required) = match entry.place {
        Some(Place::Path) => (ParameterIn::Path, Required::True),
        Some(Place::Query) | None => (ParameterIn::Query, Required::False),
    };
    let ty = match entry.default {
        Some(ParameterValue::Number(_)) => Type::Number,
        Some(ParameterValue::Text(_)) | None => Type::String,
    };
    let schema = ObjectBuilder::new()
        .schema_type(ty)
        .default(entry.default.map(|default| json!(default)))
        .minimum(entry.min)
        .maximum(entry.max);
    ParameterBuilder::new()
        .name(entry.name)
        .parameter_in(place)
        .required(required)
        .schema(Some(schema))
        .build()
}

fn body(schema: RefOr<Schema>) -> RequestBody {
    let content = Content::new(Some(schema));
    RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build()
}

fn answer(status: u16, text: &str) -> Response {
    let schema = if status < 400 { RefOr::T(ObjectBuilder::new().into()) } else { reference(ERROR) };
    with_schema(text, schema)
}

fn with_schema(text: &str, schema: RefOr<Schema>) -> Response {
    ResponseBuilder::new().description(text).content("application/json", Content::new(Some(schema))).build()
}

/// What every error answer is like.
fn error() -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let list = ArrayBuilder::new().items(reference(DETAIL));
    let detail = OneOfBuilder::new().item(text()).item(list);
    let object = ObjectBuilder::new()
        .property("error", text())
        .property("type", text())
        .property("detail", detail)
        .property("event_id", text().description(Some("The Sentry event about this very failure")));
    object.required("error").required("type").required("detail").into()
}

fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

const fn method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Delete => HttpMethod::Delete,
    }
}
