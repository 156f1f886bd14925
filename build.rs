//! Has the migrations compiled in anew when one is added, which their macro alone does not notice.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
