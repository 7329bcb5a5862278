//! A route that is no scenario: declared once, mounted and described from that.

use actix_web::http::Uri;
use actix_web::{HttpRequest, Route, web};
use scenario::only;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::detail::{Detail, RequestInvalid};

/// A path that answers GET.
pub(crate) struct Endpoint {
    /// The path.
    pub(crate) path: &'static str,
    /// A line for the list in `/docs`.
    pub(crate) summary: &'static str,
    /// What callers may ask for in the query.
    pub(crate) parameters: &'static [WholeNumber],
    /// The statuses it answers with, and what each means.
    pub(crate) answers: &'static [(u16, &'static str)],
    /// What it answers with 200, where that is described.
    pub(crate) shape: Option<Shape>,
    /// Puts the handler on the route.
    pub(crate) route: fn(Route) -> Route,
}

impl Endpoint {
    /// Mounts it, so that a wrong method is 405 and not 404.
    pub(crate) fn mount(&self, app: &mut web::ServiceConfig) {
        app.service(web::resource(self.path).route((self.route)(web::get())).default_service(only("GET")));
    }
}

/// The shape of an answer, for the OpenAPI document.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) schema: fn() -> RefOr<Schema>,
    /// The schemas that it refers to.
    pub(crate) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Shape {
    pub(crate) const fn of<T: ToSchema>() -> Self {
        Self { schema: T::schema, parts: T::schemas }
    }
}

/// A whole number in the query, with bounds.
pub(crate) struct WholeNumber {
    pub(crate) name: &'static str,
    pub(crate) default: u32,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// How far back, in days.
pub(crate) static DAYS: WholeNumber = WholeNumber { name: "days", default: 7, min: 1, max: 365 };

/// How far back, in hours.
pub(crate) static HOURS: WholeNumber = WholeNumber { name: "hours", default: 24, min: 1, max: 8_760 };

impl WholeNumber {
    /// The caller's number, or the default.
    pub(crate) fn read(&self, request: &HttpRequest) -> Result<u32, RequestInvalid> {
        let Some(given) = given(request.uri(), self.name) else { return Ok(self.default) };
        let Self { min, max, .. } = self;
        let (kind, msg) = match given.trim().parse::<i128>() {
            Ok(number) if (i128::from(*min)..=i128::from(*max)).contains(&number) => {
                return Ok(u32::try_from(number).unwrap_or(self.default));
            }
            Ok(number) if number < i128::from(*min) => {
                ("greater_than_equal", format!("Input should be greater than or equal to {min}"))
            }
            Ok(_) => ("less_than_equal", format!("Input should be less than or equal to {max}")),
            Err(_) => ("int_parsing", format!("Input should be a valid integer from {min} to {max}")),
        };
        let loc = vec!["query".to_owned(), self.name.to_owned()];
        Err(RequestInvalid(vec![Detail { kind: kind.to_owned(), loc, msg, input: Value::from(given) }]))
    }
}

/// Of several values the last counts, as in FastAPI.
fn given(uri: &Uri, name: &str) -> Option<String> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(uri.query()?).ok()?.into_inner();
    pairs.into_iter().rev().find(|(it, _)| it == name).map(|(_, value)| value)
}
