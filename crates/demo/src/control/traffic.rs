//! The switch of the traffic.

use std::sync::PoisonError;

use tokio::sync::watch as channel;

use super::Control;
use super::known::ServiceState;
use super::refused::Refused;
use crate::traffic::visit::Services;
use crate::traffic::{self, Counts, Options};

impl Control {
    /// Begins traffic over the services that serve. What runs already goes on as the new options say.
    pub fn start_traffic(&self, options: Options) -> Result<(), Refused> {
        let options = options.checked().map_err(|bad| Refused::Options(bad.to_string()))?;
        let services = self.read(|state| {
            if state.check.as_ref().is_some_and(|check| check.running) {
                return Err(Refused::Checking);
            }
            let mut services = Services::default();
            for known in state.services.iter().filter(|it| it.state == ServiceState::Serving) {
                services.add(&known.name, &known.url, known.listing.as_ref());
            }
            if services.game_engine.is_none() {
                return Err(Refused::NotServing("game-engine".to_owned()));
            }
            Ok(services)
        })?;
        let (stop, stopped) = channel::channel(false);
        let mut running = self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = running.replace(stop) {
            before.send_replace(true);
        }
        let counts = Counts::begin(&options);
        let id = counts.started_at;
        self.change(|state| state.traffic = Some(counts));
        let control = self.clone();
        let report = move |mut counts: Counts| {
            counts.started_at = id;
            control.change(|state| {
                // Later traffic has replaced this one.
                if state.traffic.as_ref().is_some_and(|shown| shown.started_at <= id) {
                    state.traffic = Some(counts);
                }
            });
        };
        let control = self.clone();
        self.0.runtime.spawn(async move {
            traffic::run(options, services, &control.0.gateway, stopped, report).await;
        });
        Ok(())
    }

    /// Stops the traffic, and returns once no visit is under way and its transactions are delivered.
    pub async fn stop_traffic(&self) {
        let stop = self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stop) = stop {
            stop.send_replace(true);
            // The receiver is dropped at the end.
            stop.closed().await;
            self.0.gateway.flush().await;
        }
    }
}
