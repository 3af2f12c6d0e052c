//! Standard output: what was asked for, in one write. A reader that has gone is success; a full disk is not.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use crate::wire::{Code, Failure};

/// The `format` of every `--json`.
const FORMAT: u32 = 1;

pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let mut failure = Failure::new(Code::File, "standard output cannot be written");
            failure.causes.push(error.to_string());
            Err(failure)
        }
        _ => Ok(()),
    }
}

pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// An object with `"format": 1` in front.
pub(crate) fn print_json(fields: Value) -> Result<(), Failure> {
    let mut object = json!({ "format": FORMAT });
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
    print(&format!("{object:#}\n"))
}

/// Columns as wide as their widest cell; the last is left ragged.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    for row in std::iter::once(&head).chain(rows) {
        let cells =
            row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", super::report::clean(cell)));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["a".to_owned(), "long cell".to_owned()], vec!["abc".to_owned(), "x".to_owned()]];
        assert_eq!(table(&["N", "CELL"], &rows), "N    CELL\na    long cell\nabc  x\n");
    }
}
