//! Balances in the memory of this process, for use without a database. They end with the process.
//!
//! One lock holds all of them, so a payment is booked as a whole or not at all, and nothing is ever unconfirmed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use broker::Publisher;
use database::mongodb::bson::DateTime;
use sentry_context::step::Step;
use sentry_context::{breadcrumbs, facts};

use super::accounts::STARTING_BALANCE;
use super::{Booked, Booking, Receipt, message};
use crate::domain::money::Money;
use crate::error::{PaymentError, Result};

/// Players that have an account, at most: with their ids some megabytes.
const ACCOUNTS: usize = 10_000;

/// Payments that are remembered by their keys, at most; the oldest is forgotten first.
const REMEMBERED: usize = 10_000;

/// Balances in memory; clones share them.
#[derive(Debug, Clone)]
pub struct Memory {
    books: Arc<Mutex<Books>>,
    accounts: usize,
    remembered: usize,
}

#[derive(Debug, Default)]
struct Books {
    balances: HashMap<String, Money>,
    keyed: HashMap<String, Entry>,
    /// The keys, oldest first.
    keys: VecDeque<String>,
}

#[derive(Debug)]
struct Entry {
    bet: Money,
    payout: Money,
    balance: Money,
}

impl Default for Memory {
    fn default() -> Self {
        Self::with_room(ACCOUNTS, REMEMBERED)
    }
}

impl Memory {
    /// Room for so many accounts and remembered payments.
    pub fn with_room(accounts: usize, remembered: usize) -> Self {
        Self { books: Arc::default(), accounts, remembered }
    }

    /// What an earlier call with this key did, if there was one.
    pub(super) fn replay(&self, booking: &Booking) -> Option<Booked> {
        if !booking.is_keyed() {
            return None;
        }
        self.spanned("find", |books| books.repeated(booking))
    }

    /// Books a payment once, however often it is called, and publishes it.
    pub(super) fn book(&self, publisher: &Publisher, booking: &Booking) -> Result<Booked> {
        let booked = self.spanned("update", |books| match books.repeated(booking) {
            Some(repeated) => Ok(repeated),
            None => books.apply(booking, self.accounts, self.remembered).map(Booked::Applied),
        })?;
        if let Booked::Applied(receipt) = booked {
            message::publish(publisher, &booking.row(receipt));
        }
        Ok(booked)
    }

    /// An operation on the books, as a span and a breadcrumb like those of a database's commands.
    fn spanned<T>(&self, operation: &'static str, work: impl FnOnce(&mut Books) -> T) -> T {
        let (description, began) = (format!("accounts.{operation}"), Instant::now());
        let step = Step::silent("db", &description);
        step.set("db.system", "memory".into());
        step.set("db.operation", operation.into());
        step.set("db.collection.name", "accounts".into());
        let done = work(&mut self.books.lock().unwrap_or_else(PoisonError::into_inner));
        let duration_ms = began.elapsed().as_micros() as f64 / 1_000.0;
        breadcrumbs::query(&description, facts([("duration_ms", duration_ms.into())]));
        done
    }
}

impl Books {
    fn repeated(&self, booking: &Booking) -> Option<Booked> {
        let entry = self.keyed.get(booking.id())?;
        let is_the_same = (entry.bet, entry.payout) == (booking.bet, booking.payout);
        Some(if is_the_same { Booked::Replayed(entry.balance) } else { Booked::KeyReused })
    }

    fn apply(&mut self, booking: &Booking, accounts: usize, remembered: usize) -> Result<Receipt> {
        let known = self.balances.get(&booking.user_id).copied();
        if known.is_none() && self.balances.len() >= accounts {
            return Err(PaymentError::NoRoom { accounts }.into());
        }
        let before = known.unwrap_or(STARTING_BALANCE);
        if before.abs().as_f64() > Money::MAX {
            return Err(PaymentError::UnreadableBalance { found: "is out of range" }.into());
        }
        let balance = before - (booking.bet - booking.payout);
        self.balances.insert(booking.user_id.clone(), balance);
        if booking.is_keyed() {
            self.remember(booking, balance, remembered);
        }
        Ok(Receipt { balance, at: DateTime::now() })
    }

    fn remember(&mut self, booking: &Booking, balance: Money, remembered: usize) {
        while self.keys.len() >= remembered {
            let Some(oldest) = self.keys.pop_front() else { break };
            self.keyed.remove(&oldest);
        }
        let entry = Entry { bet: booking.bet, payout: booking.payout, balance };
        self.keyed.insert(booking.id.clone(), entry);
        self.keys.push_back(booking.id.clone());
    }
}
