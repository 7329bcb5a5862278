//! The files of Swagger UI. They are in the binary, in the archive of a release: nothing is loaded from elsewhere. The crate
//! that unpacks the archive while it is compiled would compile an archiver and one more engine for regular expressions first.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED as ARCHIVE;

/// The files that the page needs, and what they are.
const FILES: [(&str, &str); 4] = [
    ("swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    ("swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"),
    ("favicon-32x32.png", "image/png"),
];

/// How an entry of the archive is kept.
const STORED: usize = 0;
const DEFLATED: usize = 8;

/// A file of Swagger UI.
pub(crate) struct File {
    name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) content: Vec<u8>,
}

/// Unpacked when the first of them is asked for: 2 MB.
static UNPACKED: LazyLock<Vec<File>> = LazyLock::new(|| {
    let file = |(name, content_type)| Some(File { name, content_type, content: unpacked(name)? });
    FILES.into_iter().filter_map(file).collect()
});

pub(crate) fn file(name: &str) -> Option<&'static File> {
    UNPACKED.iter().find(|file| file.name == name)
}

/// A file of the folder `dist`. Entries follow each other, and the head of each says how long it is.
fn unpacked(name: &str) -> Option<Vec<u8>> {
    let wanted = format!("dist/{name}");
    let mut rest = ARCHIVE;
    while rest.starts_with(b"PK\x03\x04") {
        let (head, after) = rest.split_at_checked(30)?;
        let number = |at: usize, length: usize| {
            head[at..at + length].iter().rev().fold(0, |number, byte| (number << 8) | usize::from(*byte))
        };
        let (path, after) = after.split_at_checked(number(26, 2))?;
        let (_, after) = after.split_at_checked(number(28, 2))?;
        let (content, after) = after.split_at_checked(number(18, 4))?;
        // Below the folder of the release.
        let path = str::from_utf8(path).unwrap_or_default();
        if path.split_once('/').is_some_and(|(_, path)| path == wanted) {
            return decoded(number(8, 2), content, number(22, 4));
        }
        rest = after;
    }
    None
}

fn decoded(method: usize, content: &[u8], length: usize) -> Option<Vec<u8>> {
    match method {
        STORED => Some(content.to_vec()),
        DEFLATED => {
            let mut file = Vec::with_capacity(length);
            DeflateDecoder::new(content).take(length as u64).read_to_end(&mut file).ok()?;
            Some(file)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_has_every_file_that_the_page_needs() {
        let names: Vec<_> = UNPACKED.iter().map(|file| file.name).collect();
        assert_eq!(names, FILES.map(|(name, _)| name));
        for name in ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js"] {
            let script = file(name).map(|file| String::from_utf8_lossy(&file.content));
            assert!(script.is_some_and(|it| it.contains("SwaggerUI")), "{name}");
        }
        assert!(file("favicon-32x32.png").is_some_and(|file| file.content.starts_with(b"\x89PNG")));
        assert!(file("oauth2-redirect.html").is_none());
    }
}
