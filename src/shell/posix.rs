//! What all Bourne-like shells share: `unset A B && export C=1 D=2;`.
//!
//! The two commands hang together by `&&`, not by `;`: with a `;` in IFS the unquoted `eval $(…)` loses each `;`, and
//! `unset A export C=1` is what is left. A name that cannot be unset (readonly) thus also stops the export.

pub(super) fn unset(names: &[&str], out: &mut String) {
    if names.is_empty() {
        return;
    }
    out.push_str("unset");
    for name in names {
        out.push(' ');
        out.push_str(name);
    }
    out.push_str(" && ");
}

pub(super) fn export(pairs: &[(&str, &str)], quote: fn(&str, &mut String), out: &mut String) {
    out.push_str(if pairs.is_empty() { "true" } else { "export" });
    for (name, value) in pairs {
        out.push(' ');
        out.push_str(name);
        out.push('=');
        quote(value, out);
    }
    out.push(';');
}
