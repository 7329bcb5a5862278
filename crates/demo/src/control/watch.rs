//! Keeps what is known of the services up to date.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use inbox::timestamp;
use tokio::time::sleep;

use super::Control;
use super::known::KnownService;
use crate::check::error::CheckError;
use crate::supervisor::Notice;

/// How often each service is looked at while somebody looks at the page.
const WATCHED: Duration = Duration::from_secs(5);

/// How often it is while nobody does.
const UNWATCHED: Duration = Duration::from_secs(15);

/// A page that has not asked for that long is not looked at any more, seconds.
const LOOKED: f64 = 20.0;

/// How often it is seen whether it is time.
const TURN: Duration = Duration::from_millis(500);

impl Control {
    /// Notes what the supervisor says, and reads the catalogue of a service that serves.
    pub async fn note(&self, notice: &Notice) {
        let service = notice.service();
        let url = self.read(|state| {
            let known = state.services.iter().find(|known| known.name == service.name);
            known.map(|known| known.url.clone())
        });
        let Some(url) = url else { return };
        self.change_service(&url, |known| known.note(notice));
        if matches!(notice, Notice::Serving { .. }) {
            read_catalogue(self, &url).await;
        }
    }

    /// Notes that somebody looks at the page.
    pub(super) fn looked(&self) {
        self.0.looked_at.store(timestamp::now().to_bits(), Relaxed);
    }

    fn is_looked_at(&self) -> bool {
        let looked_at = f64::from_bits(self.0.looked_at.load(Relaxed));
        timestamp::now() - looked_at < LOOKED
    }
}

/// Reads all catalogues again and again. A service that this process has not started serves while it answers.
pub(super) async fn services(control: Control) {
    loop {
        let urls = control.read(|state| {
            // The check compares threads and open files, and asks for everything itself.
            if state.check.as_ref().is_some_and(|check| check.running) {
                return Vec::new();
            }
            let urls = state.services.iter().filter(|it| it.pid.is_some() || !state.supervised);
            urls.map(|it| it.url.clone()).collect::<Vec<_>>()
        });
        for url in urls {
            read_catalogue(&control, &url).await;
        }
        let mut waited = Duration::ZERO;
        while waited < if control.is_looked_at() { WATCHED } else { UNWATCHED } {
            sleep(TURN).await;
            waited += TURN;
        }
    }
}

/// Reads what a service promises, holds, and says of its dependencies.
pub(super) async fn read_catalogue(control: &Control, url: &str) {
    let read = async {
        let ready = control.0.client.ready(url).await?;
        Ok::<_, CheckError>((control.0.client.catalogue(url).await?, ready))
    };
    let read = tokio::time::timeout(WATCHED, read).await;
    let supervised = control.read(|state| state.supervised);
    let changes = |known: &mut KnownService| match &read {
        Ok(Ok((listing, ready))) => {
            known.read(listing.clone(), ready);
            if !supervised {
                known.answers();
            }
        }
        Ok(Err(error)) if !supervised => known.is_silent(&error.to_string()),
        // A worker that is blocked on purpose answers nobody; its supervisor knows whether it lives.
        _ => {}
    };
    control.change_service(url, changes);
}
