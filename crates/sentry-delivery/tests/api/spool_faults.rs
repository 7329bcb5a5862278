//! Spools on disks that are full, and with files in them that somebody else has put there.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use inbox::Answer;

use crate::helpers::{App, app_with, close, close_in_time, close_in_trouble, error, errors, noise, status};
use crate::spool::{Folder, leave, next};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[actix_web::test]
async fn nobody_else_can_read_a_spool() {
    let folder = Folder::new();
    leave(&folder, 3).await;
    for place in ["", "shop", "shop/0"] {
        assert_eq!(mode(&folder.0.join(place)), 0o700, "{place}");
    }
    let files = folder.files("");
    assert_eq!(files.len(), 4, "three errors and the lock");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[actix_web::test]
async fn what_is_no_regular_file_stops_nothing_and_stays() {
    let folder = Folder::new();
    leave(&folder, 3).await;
    let own = folder.0.join("shop/0");
    // Their names come before those of the errors.
    let named = |name: &str| own.join(format!("0-{name}.envelope.gz"));
    fifo(&named("fifo"));
    fs::create_dir(named("folder")).unwrap();
    symlink("/etc/hostname", named("link")).unwrap();
    symlink("/dev/zero", named("device")).unwrap();
    let _socket = UnixListener::bind(named("socket")).unwrap();
    let app = next(&folder).await;
    app.wait_for_events(3).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.inbox.stats().discarded), (3, vec![]));
    for name in ["fifo", "folder", "link", "device", "socket"] {
        assert!(fs::symlink_metadata(named(name)).is_ok(), "{name} is not ours to remove");
    }
}

#[actix_web::test]
async fn a_lock_that_is_no_file_costs_its_folder_and_no_more() {
    let folder = Folder::new();
    fs::create_dir_all(folder.0.join("shop/0")).unwrap();
    fifo(&folder.0.join("shop/0/lock"));
    fs::write(folder.0.join("shop/1"), b"in the way").unwrap();
    leave(&folder, 2).await;
    assert!(folder.0.join("shop/2/lock").exists());
    let app = next(&folder).await;
    app.wait_for_events(2).await;
}

#[actix_web::test]
async fn a_folder_that_is_a_link_is_not_followed() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    fs::create_dir_all(&folder.0).unwrap();
    fs::create_dir_all(&elsewhere.0).unwrap();
    symlink(&elsewhere.0, folder.0.join("shop")).unwrap();
    let app = app_with(folder.delivery(), status(503)).await;
    errors(&app.hub, 2);
    assert!(!close_in_time(&app.hub).await, "there is no spool");
    assert_eq!(fs::read_dir(&elsewhere.0).unwrap().count(), 0);
}

fn gzip_of_zeros(bytes: usize) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1024 * 1024];
    (0..bytes / zeros.len()).for_each(|_| gzip.write_all(&zeros).unwrap());
    gzip.finish().unwrap()
}

#[actix_web::test]
async fn a_bomb_and_a_file_beyond_the_bound_are_put_aside_and_counted() {
    let folder = Folder::new();
    leave(&folder, 2).await;
    let own = folder.0.join("shop/0");
    fs::write(own.join("0-bomb.envelope.gz"), gzip_of_zeros(64 * 1024 * 1024)).unwrap();
    // A hole: it is long, and takes no room.
    let long = fs::File::create(own.join("1-long.envelope.gz")).unwrap();
    long.set_len(1_500_000_000).unwrap();
    let app = next(&folder).await;
    app.wait_for_events(2).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.discarded("error")), (2, vec![("internal_sdk_error".to_owned(), 2)]));
    assert_eq!(folder.files(".torn").len(), 2);
}

#[actix_web::test]
async fn torn_files_are_kept_up_to_a_bound() {
    let folder = Folder::new();
    leave(&folder, 1).await;
    for number in 0..40 {
        fs::write(folder.0.join(format!("shop/0/0-{number}.envelope.gz")), b"torn").unwrap();
    }
    let app = next(&folder).await;
    app.wait_for_events(1).await;
    assert!(close(&app.hub).await);
    assert_eq!(app.discarded("error"), [("internal_sdk_error".to_owned(), 40)]);
    assert_eq!((folder.files(".torn").len(), folder.files(".envelope.gz").len()), (16, 0));
}

#[actix_web::test]
async fn what_a_termination_left_unfinished_is_removed() {
    let folder = Folder::new();
    leave(&folder, 1).await;
    fs::write(folder.0.join("shop/0/0.envelope.unfinished"), b"half").unwrap();
    let app = next(&folder).await;
    app.wait_for_events(1).await;
    assert!(close(&app.hub).await);
    assert_eq!(folder.files("unfinished").len(), 0);
}

/// A disk of its own for a folder: `None`, said in words, where this process may not mount one.
struct SmallDisk(Folder);

impl SmallDisk {
    fn new(kib: u32) -> Option<Self> {
        let folder = Folder::new();
        fs::create_dir_all(&folder.0).unwrap();
        let size = format!("size={kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder.0).output();
        if mount.is_ok_and(|it| it.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: only root can mount a small disk");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0.0).status();
    }
}

/// Errors that are larger together than the disk.
fn large_errors(app: &App, count: usize) {
    (0..count).for_each(|number| error(&app.hub, &noise(3_000, number as u64 + 1)));
}

#[actix_web::test]
async fn what_a_full_disk_refuses_at_the_end_is_counted_and_reported_by_the_next_start() {
    let Some(disk) = SmallDisk::new(256) else { return };
    let app = app_with(disk.0.delivery(), status(503)).await;
    large_errors(&app, 200);
    assert!(!close_in_trouble(&app).await, "not all of them fit");
    let spooled = disk.0.files(".envelope.gz").len() as u64;
    assert!((1..200).contains(&spooled), "{spooled}");
    assert_eq!(disk.0.files("unfinished").len(), 0);

    let app = next(&disk.0).await;
    app.wait_for_events(spooled).await;
    app.inbox.wait_until("the report", |_| !app.discarded("error").is_empty()).await.unwrap();
    assert!(close(&app.hub).await);
    let reported: u64 = app.discarded("error").iter().map(|(_, count)| count).sum();
    assert_eq!(app.items("event") + reported, 200, "made = delivered + discarded");
    assert_eq!(app.discarded("error"), [("cache_overflow".to_owned(), 200 - spooled)]);
}

#[actix_web::test]
async fn what_a_full_disk_refuses_in_a_long_outage_stays_in_memory_and_is_sent() {
    let Some(disk) = SmallDisk::new(256) else { return };
    let app = app_with(disk.0.delivery(), status(503)).await;
    large_errors(&app, 200);
    // After ten seconds the outage counts as long, and errors go to disk until it is full.
    let spooled = async {
        while disk.0.files(".envelope.gz").len() < 10 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(300), spooled).await.unwrap();
    app.inbox.set_answer(Answer::default());
    app.wait_for_events(200).await;
    assert!(close(&app.hub).await);
    assert_eq!((app.items("event"), app.discarded("error")), (200, vec![]));
    assert_eq!((disk.0.files("unfinished").len(), disk.0.files(".envelope.gz").len()), (0, 0));
}
