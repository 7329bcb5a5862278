//! Errors on disk. What could not be delivered at the end, or in a long outage, is sent when Sentry is back.
//!
//! Each envelope is a gzip file, which `zcat` shows.

mod transfer;

use std::io;
use std::path::Path;
use std::sync::Arc;

use sentry_spool::{Opened, Spool as Files};

use crate::category::{Category, Quantity};
use crate::client_reports::{ClientReports, Reason};
use crate::envelope::EncodedEnvelope;

const ENDING: &str = ".envelope.gz";

/// What was in a torn file is unknown, but it was one error.
const TORN_CONTENT: [Quantity; 1] = [(Category::Error, 1)];

/// The spool of this process.
#[derive(Debug)]
pub(crate) struct Spool {
    files: Files,
    client_reports: Arc<ClientReports>,
    /// The disk has refused an error.
    is_refused: bool,
}

impl Spool {
    /// Opens the spool of a service, and takes over what other processes left.
    pub(crate) fn open(spool: &Path, service: &str, client_reports: &Arc<ClientReports>) -> io::Result<Self> {
        let Opened { spool: files, notes, unusable } = Files::open(&spool.join(service), ENDING)?;
        for (folder, error) in unusable {
            tracing::warn!(folder = %folder.display(), %error, "a folder of the spool cannot be used");
        }
        notes.iter().for_each(|note| client_reports.absorb_written(note));
        Ok(Self { files, client_reports: Arc::clone(client_reports), is_refused: false })
    }

    /// Keeps an envelope on disk; false if the disk refuses it, which is logged once.
    pub(crate) fn keep(&mut self, encoded: &EncodedEnvelope) -> bool {
        let kept = self.try_keep(encoded);
        let was_refused = std::mem::replace(&mut self.is_refused, kept.is_err());
        match kept {
            Ok(()) if was_refused => tracing::info!("the spool accepts errors again"),
            Err(error) if !was_refused => {
                tracing::error!(%error, "the spool accepts no more errors: they wait in memory");
            }
            Ok(()) | Err(_) => {}
        }
        !self.is_refused
    }

    /// Keeps an envelope, on disk already or not, and discards the oldest where there are too many.
    fn try_keep(&mut self, encoded: &EncodedEnvelope) -> io::Result<()> {
        let is_there = encoded.file.as_ref().is_some_and(|path| self.files.put_back(path.clone()).is_ok());
        if !is_there {
            self.files.push(&encoded.compressed()?)?;
        }
        while self.files.is_overfull() {
            let Some(oldest) = self.next() else { break };
            self.client_reports.record(&oldest.content, Reason::CacheOverflow);
            remove(&oldest);
        }
        Ok(())
    }

    /// Takes the oldest envelope; its file stays until [`remove`] takes it away. On the way, torn files are put aside.
    fn next(&mut self) -> Option<EncodedEnvelope> {
        while let Some((path, bytes)) = self.files.pop() {
            match bytes.and_then(EncodedEnvelope::of_gzip) {
                Ok(envelope) => return Some(EncodedEnvelope { file: Some(path), ..envelope }),
                Err(error) => {
                    tracing::error!(path = %path.display(), %error, "a damaged spool file is skipped");
                    self.client_reports.record(&TORN_CONTENT, Reason::InternalSdkError);
                    self.files.put_aside(&path);
                }
            }
        }
        None
    }

    /// Leaves a client report to the next process.
    pub(crate) fn carry(&self, report: &EncodedEnvelope) -> bool {
        self.files.leave_note(&report.body).is_ok()
    }
}

/// Removes the file of an envelope that is delivered, or discarded and counted.
pub(crate) fn remove(encoded: &EncodedEnvelope) {
    if let Some(path) = &encoded.file
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::error!(path = %path.display(), %error, "a spool file cannot be removed and may be sent twice");
    }
}
