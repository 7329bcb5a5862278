//! Entries of processes that share a folder, on a real disk.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions, but not in what they call")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use sentry_spool::{MAX_FILES, MAX_NOTE, Opened, Spool};

/// A folder of this test's own, gone at its end.
struct Parent(PathBuf);

impl Parent {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("spool-queue-{}-{}", std::process::id(), NUMBER.fetch_add(1, SeqCst));
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> Opened {
        Spool::open(&self.0, ".entry").unwrap()
    }

    fn spool(&self) -> Spool {
        self.open().spool
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All entries; their files stay.
fn all(spool: &mut Spool) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| spool.pop()).map(|(_, entry)| entry.unwrap()).collect()
}

#[test]
fn entries_of_all_processes_that_ended_come_in_the_order_in_which_they_were_written() {
    let parent = Parent::new();
    let (mut one, mut other) = (parent.spool(), parent.spool());
    for (number, spool) in [(b"1", &mut one), (b"2", &mut other)] {
        spool.push(number).unwrap();
    }
    one.push(b"3").unwrap();
    let mut third = parent.spool();
    assert_eq!(all(&mut third), Vec::<Vec<u8>>::new(), "the others still run");
    drop((one, other, third));
    let mut next = parent.spool();
    assert_eq!(all(&mut next), [b"1", b"2", b"3"]);
    drop(next);
    assert_eq!(all(&mut parent.spool()).len(), 3, "nobody has removed their files");
}

#[test]
fn an_entry_that_is_put_back_is_there_again_unless_its_file_has_gone() {
    let parent = Parent::new();
    let mut spool = parent.spool();
    spool.push(b"1").unwrap();
    let (path, _) = spool.pop().unwrap();
    assert!(spool.pop().is_none());
    spool.put_back(path.clone()).unwrap();
    assert_eq!(spool.pop().unwrap().0, path);
    fs::remove_file(&path).unwrap();
    spool.put_back(path).unwrap_err();
    assert!(spool.pop().is_none());
}

#[test]
fn one_file_too_many_is_too_full_until_the_oldest_is_taken() {
    let parent = Parent::new();
    drop(parent.spool());
    for number in 0..MAX_FILES {
        fs::write(parent.0.join(format!("0/{number:020}.entry")), b"").unwrap();
    }
    let mut spool = parent.spool();
    assert!(!spool.is_overfull());
    spool.push(b"one more").unwrap();
    assert!(spool.is_overfull());
    assert!(spool.pop().unwrap().0.ends_with("00000000000000000000.entry"));
    assert!(!spool.is_overfull());
}

#[test]
fn bytes_count_as_well_as_files_and_a_single_entry_is_never_too_much() {
    let parent = Parent::new();
    drop(parent.spool());
    // Holes: they are long, and take no room.
    let long = |name: &str| {
        let file = fs::File::create(parent.0.join("0").join(name)).unwrap();
        file.set_len(64 * 1024 * 1024).unwrap();
    };
    long("1.entry");
    assert!(!parent.spool().is_overfull());
    fs::write(parent.0.join("0/2.entry"), b"x").unwrap();
    let mut spool = parent.spool();
    assert!(spool.is_overfull());
    assert!(spool.pop().unwrap().1.unwrap_err().to_string().contains("longer than"));
    assert!(!spool.is_overfull());
}

#[test]
fn an_entry_that_is_too_long_is_not_written() {
    let parent = Parent::new();
    let mut spool = parent.spool();
    spool.push(&vec![0; 20 * 1024 * 1024 + 1]).unwrap_err();
    assert!(spool.pop().is_none());
    assert_eq!(fs::read_dir(parent.0.join("0")).unwrap().count(), 1, "the lock alone");
}

#[test]
fn files_that_are_put_aside_are_kept_up_to_a_bound() {
    let parent = Parent::new();
    let mut spool = parent.spool();
    (0..40).for_each(|_| spool.push(b"torn").unwrap());
    while let Some((path, _)) = spool.pop() {
        spool.put_aside(&path);
    }
    let names = || fs::read_dir(parent.0.join("0")).unwrap().map(|entry| entry.unwrap().path());
    let ending = |path: &Path| path.extension().map(|it| it.to_string_lossy().into_owned());
    assert_eq!(names().filter(|path| ending(path).as_deref() == Some("torn")).count(), 16);
    assert_eq!(names().count(), 17, "and the lock");
}

#[test]
fn a_note_reaches_the_next_process_once_and_is_bounded() {
    let parent = Parent::new();
    let opened = parent.open();
    assert_eq!(opened.notes, Vec::<Vec<u8>>::new());
    opened.spool.leave_note(&[7; MAX_NOTE]).unwrap();
    opened.spool.leave_note(&[8; MAX_NOTE + 1]).unwrap_err();
    opened.spool.leave_note(b"shorter").unwrap();
    drop(opened);
    assert_eq!(parent.open().notes, [b"shorter"]);
    assert_eq!(parent.open().notes, Vec::<Vec<u8>>::new());
}

#[test]
fn more_processes_than_a_folder_can_hold_have_no_spool() {
    let parent = Parent::new();
    let all: Vec<_> = (0..64).map(|_| parent.spool()).collect();
    let error = Spool::open(&parent.0, ".entry").unwrap_err();
    assert!(error.to_string().contains("no folder"), "{error}");
    drop(all);
    parent.spool();
}

#[test]
fn a_folder_that_is_none_is_named_and_stops_nothing() {
    let parent = Parent::new();
    fs::create_dir_all(&parent.0).unwrap();
    fs::write(parent.0.join("0"), b"in the way").unwrap();
    let mut opened = parent.open();
    assert_eq!(opened.unusable.len(), 1);
    assert!(opened.unusable[0].0.ends_with("0"));
    opened.spool.push(b"1").unwrap();
    assert!(parent.0.join("1").is_dir());
}
