//! The payment provider, as far as a demo has one: a server of this process on loopback, which takes its time and refuses
//! some payments. Payment asks it over real HTTP, as it would ask another company's.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;
use tokio::time::sleep;

/// Where it takes payments.
pub(crate) const PATH: &str = "/charge";

/// Connections at once, at most; further ones wait.
const CONNECTIONS: usize = 1_024;

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// The share of payments that it refuses, 0 to 1.
    pub error_rate: f64,
    /// How long an answer takes, at most; the least is nothing.
    pub slowest: Duration,
}

/// Starts it on a free port; the address. It ends with the process. Must be called in a `LocalSet` such as actix-web's.
pub(crate) fn start(manners: Manners) -> io::Result<SocketAddr> {
    let app = move || {
        let charge = web::post().to(move || charge(manners));
        App::new().service(web::resource(PATH).route(charge))
    };
    let server = HttpServer::new(app).workers(1).max_connections(CONNECTIONS).disable_signals();
    let server = server.bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = server.addrs().first().copied().ok_or(io::ErrorKind::AddrNotAvailable)?;
    // It says that it starts once the service has its own address: a refusal to start is one line.
    actix_web::rt::spawn(async move { server.run().await });
    Ok(address)
}

async fn charge(Manners { error_rate, slowest }: Manners) -> HttpResponse {
    sleep(slowest.mul_f64(rand::random())).await;
    if rand::random_bool(error_rate) {
        return HttpResponse::PaymentRequired().json(json!({ "approved": false }));
    }
    HttpResponse::Ok().json(json!({ "approved": true }))
}
