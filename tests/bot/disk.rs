//! What the system may refuse: file descriptors, room on the disk, the right to write.

use crate::stage::Program;

const TOKEN: (&str, &str) = ("DISCORD_TOKEN", "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.secret");

#[test]
fn too_few_file_descriptors_are_refused_at_the_start_with_both_numbers() {
    let data = tempfile::tempdir().unwrap();
    for command in ["run", "check"] {
        let output = Program::run_after("ulimit -n 300 && exec", &[command], data.path(), &[TOKEN]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("storage.max_open is 256, which needs 968 file descriptors"), "{said}");
        assert!(said.contains("the system allows 300"), "{said}");
    }
}

#[test]
fn a_low_limit_that_may_be_raised_is_raised() {
    let data = tempfile::tempdir().unwrap();
    let output = Program::run_after("ulimit -S -n 300 && exec", &["check"], data.path(), &[TOKEN]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let fewer = [TOKEN, ("MUSTER__STORAGE__MAX_OPEN", "30")];
    let output = Program::run_after("ulimit -n 300 && exec", &["check"], data.path(), &fewer);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
}
