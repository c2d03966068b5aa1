//! How much memory is in use, from the files of Linux.
//!
//! It reads them as `src/native/internal/memoryFiles.ts` does; whoever changes one changes the other.

use std::fs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Cgroup2,
    Cgroup1,
    Meminfo,
}

/// How much memory is in use: of the control group, or the machine, that is nearest to its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    pub from: From,
    pub used: f64,
    pub limit: f64,
    /// The share of the last ten seconds, in percent, in which some work waited for memory.
    pub stall: Option<f64>,
}

impl Figures {
    pub fn ratio(&self) -> f64 {
        self.used / self.limit
    }
}

struct Group {
    from: From,
    limit: String,
    used: String,
    stat: String,
    reclaimable: &'static str,
    pressure: Option<String>,
}

/// `Err` is the file that would have to be there.
pub fn read(root: &str) -> Result<Figures, String> {
    let root = format!("{}/", root.trim_end_matches('/'));
    let file = |path: &str| fs::read_to_string(format!("{}{}", root, path)).ok();
    let mut tightest = file("proc/meminfo")
        .and_then(|text| machine(&text))
        .ok_or(format!("{}proc/meminfo", root))?;
    let mut pressure = None;
    for group in groups(&file("proc/self/cgroup").unwrap_or_default()) {
        let limit = match file(&group.limit) {
            Some(limit) => limit,
            None => continue,
        };
        let used = file(&group.used).unwrap_or_default();
        let stat = file(&group.stat);
        if let Some(figures) = of_group(&group, &limit, &used, stat.as_deref()) {
            if figures.ratio() > tightest.ratio() {
                tightest = figures;
                pressure = group.pressure;
            }
        }
    }
    let text = pressure
        .and_then(|path| file(&path))
        .or_else(|| file("proc/pressure/memory"));
    Ok(Figures {
        stall: text.and_then(|text| stall(&text)),
        ..tightest
    })
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn entry(text: &str, name: &str) -> Option<f64> {
    text.split('\n').find_map(|line| {
        let end = line
            .find(|c: char| c.is_whitespace() || c == ':')
            .unwrap_or(line.len());
        let rest = line[end..].trim_start_matches(|c: char| c.is_whitespace() || c == ':');
        let value = rest.split(|c: char| c.is_whitespace() || c == ':').next()?;
        if &line[..end] == name {
            Some(number(value))
        } else {
            None
        }
    })?
}

/// A path and all above it; a path that leads out of what is mounted (`/../x`) says nothing about what is inside.
fn ancestors(path: &str) -> Vec<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.contains(&"..") {
        return vec![String::new()];
    }
    (0..=parts.len())
        .rev()
        .map(|count| {
            parts[..count]
                .iter()
                .map(|part| format!("/{}", part))
                .collect()
        })
        .collect()
}

fn groups(text: &str) -> Vec<Group> {
    text.split('\n').flat_map(groups_of_line).collect()
}

fn groups_of_line(line: &str) -> Vec<Group> {
    let mut parts = line.splitn(3, ':');
    let (id, controllers, path) = match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(controllers), Some(path)) => (id, controllers, path),
        _ => return Vec::new(),
    };
    if id == "0" && controllers.is_empty() {
        return ["sys/fs/cgroup", "sys/fs/cgroup/unified"]
            .iter()
            .flat_map(|mount| ancestors(path).into_iter().map(move |group| (mount, group)))
            .map(|(mount, group)| Group {
                from: From::Cgroup2,
                limit: format!("{}{}/memory.max", mount, group),
                used: format!("{}{}/memory.current", mount, group),
                stat: format!("{}{}/memory.stat", mount, group),
                reclaimable: "inactive_file",
                pressure: Some(format!("{}{}/memory.pressure", mount, group)),
            })
            .collect();
    }
    if !controllers
        .split(',')
        .any(|controller| controller == "memory")
    {
        return Vec::new();
    }
    ancestors(path)
        .into_iter()
        .map(|group| Group {
            from: From::Cgroup1,
            limit: format!("sys/fs/cgroup/memory{}/memory.limit_in_bytes", group),
            used: format!("sys/fs/cgroup/memory{}/memory.usage_in_bytes", group),
            stat: format!("sys/fs/cgroup/memory{}/memory.stat", group),
            reclaimable: "total_inactive_file",
            pressure: None,
        })
        .collect()
}

/// `None` when the group has no limit. (Version 1 says that with a number beyond all memory.)
fn of_group(group: &Group, limit: &str, used: &str, stat: Option<&str>) -> Option<Figures> {
    let limit = number(limit)?;
    let used = number(used)?;
    if limit <= 0.0 {
        return None;
    }
    let reclaimable = stat
        .and_then(|stat| entry(stat, group.reclaimable))
        .unwrap_or(0.0);
    Some(Figures {
        from: group.from,
        used: (used - reclaimable).max(0.0),
        limit,
        stall: None,
    })
}

fn machine(text: &str) -> Option<Figures> {
    let total = entry(text, "MemTotal")?;
    let available = entry(text, "MemAvailable").or_else(|| entry(text, "MemFree"))?;
    if total <= 0.0 {
        return None;
    }
    let used = (total - available).max(0.0) * 1024.0;
    Some(Figures {
        from: From::Meminfo,
        used,
        limit: total * 1024.0,
        stall: None,
    })
}

/// The number behind the last `avg10=` of the first line that is about some tasks and has one.
fn stall(text: &str) -> Option<f64> {
    text.split('\n')
        .filter(|line| is_some_line(line))
        .find_map(|line| {
            line.rmatch_indices("avg10=").find_map(|(at, key)| {
                let before = line[..at].chars().next_back();
                if before.map_or(false, is_word) {
                    return None;
                }
                decimal(&line[at + key.len()..])
            })
        })
}

fn is_some_line(line: &str) -> bool {
    line.strip_prefix("some")
        .map_or(false, |rest| !rest.chars().next().map_or(false, is_word))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The longest `digits[.digits]` that the text begins with.
fn decimal(text: &str) -> Option<f64> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    if whole == 0 {
        return None;
    }
    let fraction = text[whole..].strip_prefix('.').map_or(0, digits);
    let end = if fraction == 0 {
        whole
    } else {
        whole + 1 + fraction
    };
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    static COUNT: AtomicU32 = AtomicU32::new(0);

    struct Root(PathBuf);

    impl Root {
        fn new(files: &[(&str, &str)]) -> Root {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let root = std::env::temp_dir().join(format!(
                "opbus-memory-{}-{}",
                std::process::id(),
                number
            ));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap_or_else(|| Path::new("/"))).unwrap();
                fs::write(path, text).unwrap();
            }
            Root(root)
        }

        fn read(&self) -> Result<Figures, String> {
            read(self.0.to_str().unwrap())
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const MEMINFO: (&str, &str) = (
        "proc/meminfo",
        "MemTotal:       16000 kB\nMemFree:  100 kB\nMemAvailable:   12000 kB\n",
    );

    #[test]
    fn a_machine_without_control_groups() {
        let root = Root::new(&[
            MEMINFO,
            (
                "proc/pressure/memory",
                "some avg10=12.50 avg60=1.00\nfull avg10=3.00\n",
            ),
        ]);
        let expected = Figures {
            from: From::Meminfo,
            used: 4000.0 * 1024.0,
            limit: 16000.0 * 1024.0,
            stall: Some(12.5),
        };
        assert_eq!(root.read(), Ok(expected));
        assert_eq!(expected.ratio(), 0.25);
    }

    #[test]
    fn the_tightest_of_nested_groups_wins_with_its_own_stall() {
        let root = Root::new(&[
            MEMINFO,
            ("proc/self/cgroup", "0::/app/worker\n"),
            ("proc/pressure/memory", "some avg10=1.00\n"),
            ("sys/fs/cgroup/app/memory.max", "8000000\n"),
            ("sys/fs/cgroup/app/memory.current", "7000000\n"),
            (
                "sys/fs/cgroup/app/memory.stat",
                "anon 1\ninactive_file 1000000\n",
            ),
            (
                "sys/fs/cgroup/app/memory.pressure",
                "some avg10=40.00 avg60=2.00\n",
            ),
            ("sys/fs/cgroup/app/worker/memory.max", "max\n"),
            ("sys/fs/cgroup/app/worker/memory.current", "7000000\n"),
        ]);
        let expected = Figures {
            from: From::Cgroup2,
            used: 6_000_000.0,
            limit: 8_000_000.0,
            stall: Some(40.0),
        };
        assert_eq!(root.read(), Ok(expected));
    }

    #[test]
    fn version_1_without_a_limit_is_the_machine() {
        let root = Root::new(&[
            MEMINFO,
            ("proc/self/cgroup", "5:cpu,memory:/x\n1:name=systemd:/y\n"),
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n"),
        ]);
        assert_eq!(root.read().map(|figures| figures.from), Ok(From::Meminfo));
        fs::write(
            root.0.join("sys/fs/cgroup/memory/memory.limit_in_bytes"),
            "1000",
        )
        .unwrap();
        fs::write(
            root.0.join("sys/fs/cgroup/memory/memory.usage_in_bytes"),
            "900",
        )
        .unwrap();
        let expected = Figures {
            from: From::Cgroup1,
            used: 900.0,
            limit: 1000.0,
            stall: None,
        };
        assert_eq!(root.read(), Ok(expected));
    }

    #[test]
    fn a_path_that_leads_out_of_the_mount_says_nothing_about_what_is_inside() {
        let root = Root::new(&[
            MEMINFO,
            ("proc/self/cgroup", "0::/../app\n"),
            ("sys/fs/app/memory.max", "1000\n"),
            ("sys/fs/app/memory.current", "999\n"),
        ]);
        assert_eq!(root.read().map(|figures| figures.from), Ok(From::Meminfo));
    }

    #[test]
    fn what_is_missing_is_named() {
        let root = Root::new(&[("proc/meminfo", "nonsense")]);
        let expected = format!("{}/proc/meminfo", root.0.to_str().unwrap());
        assert_eq!(root.read(), Err(expected));
        assert_eq!(read("/nowhere//"), Err("/nowhere/proc/meminfo".to_string()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_can_be_read() {
        let figures = read("/").unwrap();
        assert!(
            figures.used > 0.0 && figures.limit > 0.0 && figures.ratio() < 1.5,
            "{:?}",
            figures
        );
    }

    #[test]
    fn the_stall_is_found_where_the_kernel_writes_it() {
        assert_eq!(
            stall("some avg10=0.00 avg60=0.05 total=1\nfull avg10=9.00\n"),
            Some(0.0)
        );
        assert_eq!(stall("full avg10=9.00\nsome avg10=7\n"), Some(7.0));
        assert_eq!(stall("something avg10=9.00\n"), None);
        assert_eq!(stall("some avg10=x\n"), None);
    }
}
