//! A route that is no scenario: declared once, mounted and described from that.

use actix_web::{Route, web};
use scenario::only;

/// A path that answers GET.
pub(crate) struct Endpoint {
    /// The path.
    pub(crate) path: &'static str,
    /// A line for the list in `/docs`.
    pub(crate) summary: &'static str,
    /// The statuses it answers with, and what each means.
    pub(crate) answers: &'static [(u16, &'static str)],
    /// Puts the handler on the route.
    pub(crate) route: fn(Route) -> Route,
}

impl Endpoint {
    /// Mounts it, so that a wrong method is 405 and not 404.
    pub(crate) fn mount(&self, app: &mut web::ServiceConfig) {
        app.service(web::resource(self.path).route((self.route)(web::get())).default_service(only("GET")));
    }
}
