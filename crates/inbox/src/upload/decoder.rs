//! Decodes bodies into memory that is bounded and counted.

use std::io::{self, Read, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use ruzstd::decoding::StreamingDecoder;

use super::{BadUpload, MAX_ENVELOPE, Share};

/// What a Brotli decoder may hold beside its output: the window of the format, 16 MiB, and its tables.
const BROTLI: usize = 17 * 1024 * 1024;

/// The longest window of a Zstandard frame that is decompressed, bytes: compressors use 8 MiB at most, unless they are
/// asked for more.
const ZSTD_WINDOW: usize = 8 * 1024 * 1024;

/// Bytes that are decompressed at a time.
const PIECE: usize = 32 * 1024;

pub(super) enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Deflate(Box<Inflate>),
    Brotli(Box<DecompressorWriter<Sink>>),
    /// What has come so far: its decoder reads, and does not take pieces.
    Zstd(Sink),
}

impl Decoder {
    pub(super) fn new(encoding: &str, mut share: Share) -> Result<Self, BadUpload> {
        match encoding {
            "br" => share.grow(BROTLI)?,
            // A decoder holds a window, and as much that is not read yet.
            "zstd" => share.grow(2 * ZSTD_WINDOW)?,
            _ => {}
        }
        let sink = Sink { held: Vec::new(), share, fault: None };
        Ok(match encoding {
            "gzip" | "x-gzip" => Self::Gzip(Box::new(MultiGzDecoder::new(sink))),
            "deflate" => {
                Self::Deflate(Box::new(Inflate { state: Decompress::new(true), ended: false, sink }))
            }
            "br" => Self::Brotli(Box::new(DecompressorWriter::new(sink, PIECE))),
            "zstd" => Self::Zstd(sink),
            _ => Self::Plain(sink),
        })
    }

    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), BadUpload> {
        let fed = match self {
            Self::Plain(sink) | Self::Zstd(sink) => sink.write_all(piece),
            Self::Gzip(decoder) => decoder.write_all(piece),
            Self::Deflate(inflate) => inflate.feed(piece),
            Self::Brotli(decoder) => decoder.write_all(piece),
        };
        fed.map_err(|error| self.fault(&error))
    }

    /// All that was decompressed; an error where the end of the encoding has not come.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, BadUpload> {
        let ended = match &mut self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(inflate) if inflate.ended => Ok(()),
            Self::Deflate(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            Self::Brotli(decoder) => decoder.close(),
            Self::Zstd(sink) => unzstd(sink),
        };
        ended.map_err(|error| self.fault(&error))?;
        Ok(std::mem::take(&mut self.sink().held))
    }

    fn sink(&mut self) -> &mut Sink {
        match self {
            Self::Plain(sink) | Self::Zstd(sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(inflate) => &mut inflate.sink,
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }

    /// What the sink refused, or else what the decoder says.
    fn fault(&mut self, error: &io::Error) -> BadUpload {
        self.sink().fault.take().unwrap_or_else(|| BadUpload::Broken(error.to_string()))
    }
}

/// Replaces what the sink holds by what it means: one frame, or several after each other.
fn unzstd(sink: &mut Sink) -> io::Result<()> {
    let compressed = std::mem::take(&mut sink.held);
    let mut rest = compressed.as_slice();
    let mut piece = [0; PIECE];
    while !rest.is_empty() {
        let mut frame =
            StreamingDecoder::new_with_max_window_size(rest, ZSTD_WINDOW as u64).map_err(io::Error::other)?;
        loop {
            match frame.read(&mut piece)? {
                0 => break,
                length => sink.write_all(&piece[..length])?,
            }
        }
        rest = frame.into_inner();
    }
    Ok(())
}

/// zlib's format. Its own writer would not distinguish a torn body from a whole one.
pub(super) struct Inflate {
    state: Decompress,
    ended: bool,
    sink: Sink,
}

impl Inflate {
    fn feed(&mut self, mut input: &[u8]) -> io::Result<()> {
        let mut output = [0; PIECE];
        loop {
            if self.ended {
                return if input.is_empty() { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) };
            }
            let (read, written) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, &mut output, FlushDecompress::None)?;
            let read = usize::try_from(self.state.total_in() - read).unwrap_or(usize::MAX);
            let written = usize::try_from(self.state.total_out() - written).unwrap_or(usize::MAX);
            self.sink.write_all(&output[..written])?;
            input = &input[read..];
            self.ended = status == Status::StreamEnd;
            if !self.ended && read == 0 && written == 0 {
                return Ok(());
            }
        }
    }
}

/// Where decompressed bytes go.
pub(super) struct Sink {
    held: Vec<u8>,
    share: Share,
    fault: Option<BadUpload>,
}

impl Sink {
    fn take(&mut self, bytes: &[u8]) -> Result<(), BadUpload> {
        let wanted = self.held.len() + bytes.len();
        if wanted > MAX_ENVELOPE {
            return Err(BadUpload::TooLarge);
        }
        if wanted > self.held.capacity() {
            let room = (self.held.capacity() * 2).clamp(wanted, MAX_ENVELOPE);
            self.share.grow(room - self.held.capacity())?;
            self.held.reserve_exact(room - self.held.len());
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes).map(|()| bytes.len()).map_err(|fault| {
            self.fault = Some(fault);
            io::ErrorKind::OutOfMemory.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
