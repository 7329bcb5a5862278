//! The lines of code.

use gimli::{ColumnType, LineProgramHeader, LineRow, Reader as _, UnitRef};

use super::image::Image;
use super::{Reader, within};

/// Longest part of a path, bytes: the system has no longer ones. A broken file may have a text of megabytes.
pub(super) const PART: usize = 4_096;

/// A place in the code, as debug information has it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Its number in the unit.
    pub(super) file: u64,
    /// Zero where there is none.
    pub(super) line: u32,
    /// Zero where there is none.
    pub(super) column: u32,
}

impl Place {
    fn of(row: &LineRow) -> Self {
        let number = |number| u32::try_from(number).unwrap_or_default();
        let line = row.line().map_or(0, |line| number(line.get()));
        let column = match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => number(column.get()),
        };
        Self { file: row.file_index(), line, column: if line > 0 { column } else { 0 } }
    }
}

/// The line of each of the sorted addresses.
pub(super) fn of(
    unit: UnitRef<'_, Reader<'_>>,
    places: &[u64],
    image: &Image,
) -> gimli::Result<Vec<Option<Place>>> {
    let mut found = vec![None; places.len()];
    let Some(program) = unit.line_program.clone() else { return Ok(found) };
    let mut rows = program.rows();
    let mut before = None;
    let mut is_left_out = false;
    while let Some((_, row)) = rows.next_row()? {
        let address = row.address();
        if !image.may_go_on(1) {
            break;
        }
        match before {
            // Code that the linker removed has the address 0.
            None => is_left_out = address == 0,
            Some((start, code)) if start < address && !is_left_out => {
                let within = within(places, start, address);
                if !image.may_go_on(within.len()) {
                    break;
                }
                for place in within {
                    found[place] = Some(code);
                }
            }
            Some(_) => {}
        }
        // The compiler marks instructions of its own with the line 0: they belong to the code before them, where a
        // debugger stops as well. The watchdog interrupts a worker at any instruction.
        let place = match (Place::of(row), before) {
            (Place { line: 0, .. }, Some((_, code))) => code,
            (place, _) => place,
        };
        before = (!row.end_sequence()).then_some((address, place));
    }
    Ok(found)
}

/// The path of a file.
pub(super) fn path<'a>(
    unit: UnitRef<'_, Reader<'a>>,
    header: &LineProgramHeader<Reader<'a>>,
    file: u64,
) -> Option<String> {
    let file = header.file(file)?;
    let part = |text: Reader<'_>| (text.len() <= PART).then(|| text.to_string_lossy().into_owned());
    let text = |value| unit.attr_string(value).ok().and_then(part);
    let mut path = unit.comp_dir.and_then(part).unwrap_or_default();
    // The folder with the number 0 is that of the unit.
    if file.directory_index() != 0 {
        push(&mut path, &text(file.directory(header)?)?);
    }
    push(&mut path, &text(file.path_name())?);
    Some(path)
}

fn push(path: &mut String, more: &str) {
    if more.starts_with('/') {
        path.clear();
    } else if !path.is_empty() && !path.ends_with('/') {
        path.push('/');
    }
    path.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_anew_where_it_is_absolute() {
        let mut path = String::new();
        let mut pushed = |more: &str| {
            push(&mut path, more);
            path.clone()
        };
        assert_eq!(
            [pushed("src"), pushed("a.rs"), pushed("/b/"), pushed("c.rs")],
            ["src", "src/a.rs", "/b/", "/b/c.rs"]
        );
    }
}
