//! Bodies, compressed and back.

use std::cell::RefCell;
use std::io::{self, Read};

use flate2::read::GzDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

/// The largest window, 32 KB.
const WINDOW_BITS: u8 = 15;

/// Room for what a compressed body has beside its contents.
const SPARE: usize = 64;

/// The longest envelope that is read back, decompressed.
pub(crate) const MAX_PLAIN_BYTES: u64 = 32 * 1024 * 1024;

/// Fails if the body is torn, or far too long once decompressed.
pub(crate) fn decompress(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(body).take(MAX_PLAIN_BYTES + 1).read_to_end(&mut plain)?;
    if plain.len() as u64 > MAX_PLAIN_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_PLAIN_BYTES} bytes decompressed")));
    }
    Ok(plain)
}

/// By one compressor for each thread: its state is 300 KB, and thousands of them between envelopes fragment the heap.
pub(crate) fn compress(body: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static COMPRESSOR: RefCell<(Compress, Vec<u8>)> =
            RefCell::new((Compress::new_gzip(Compression::fast(), WINDOW_BITS), Vec::new()));
    }
    COMPRESSOR.with_borrow_mut(|(compressor, out)| {
        compressor.reset();
        out.clear();
        loop {
            out.reserve(body.len() / 2 + SPARE);
            let taken = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX).min(body.len());
            let status = compressor.compress_vec(&body[taken..], out, FlushCompress::Finish);
            if status.map_err(io::Error::other)? == Status::StreamEnd {
                return Ok(out.clone());
            }
        }
    })
}
