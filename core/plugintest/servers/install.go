package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// need is a package of the system that something here depends on.
type need struct {
	packages []string // Debian's names; the first one that apt knows is taken
	kinds    []Kind   // for these servers; nil: for the tests as such
	found    func() bool
}

var needs = []need{
	{[]string{"default-jre-headless"}, []Kind{KindKafka}, command("java")},
	{[]string{"maven"}, []Kind{KindKafka, KindMySQL, KindPostgreSQL}, command("mvn")},
	{[]string{"xz-utils"}, []Kind{KindPostgreSQL}, command("xz")},
	{[]string{"libaio1", "libaio1t64"}, []Kind{KindMySQL}, library("libaio.so.1*")},
	{[]string{"libnuma1"}, []Kind{KindMySQL}, library("libnuma.so.1*")},
	{[]string{"mariadb-server"}, []Kind{KindMariaDB}, command("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd")},
	{[]string{"mariadb-client"}, nil, command("mariadb")},
	{[]string{"postgresql-client"}, nil, command("psql")},
	{[]string{"sqlite3"}, nil, command("sqlite3")},
	{[]string{"systemd"}, nil, command("systemd-analyze")}, // it is asked what it thinks of a unit, and starts nothing
	{[]string{"gcc"}, nil, command("gcc")},
	{[]string{"libc6-dev"}, nil, func() bool { return exists("/usr/include/stdlib.h") }},
}

// command is found in the path or under one of the given names.
func command(name string, places ...string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err == nil || slices.ContainsFunc(places, exists)
	}
}

func library(pattern string) func() bool { return func() bool { return findLibrary(pattern) != "" } }

func findLibrary(pattern string) string {
	for _, dir := range []string{"/lib/*", "/usr/lib/*", "/lib64", "/usr/lib64", "/usr/lib"} {
		if found, err := filepath.Glob(filepath.Join(dir, pattern)); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// Install makes sure that everything the servers of these kinds and the tests
// need is there. What it may not install it names in one line to paste.
func (s *Supervisor) Install(ctx context.Context, kinds ...Kind) error {
	if err := s.installPackages(ctx, kinds, true); err != nil {
		return err
	}
	for _, k := range kinds {
		if err := s.template(ctx, k); err != nil {
			return fmt.Errorf("installing %s: %w", k, err)
		}
	}
	return nil
}

// missing lists the needs of these kinds, and of the tests as such, that are
// not met.
func missing(kinds []Kind, tests bool) []need {
	var out []need
	for _, n := range needs {
		wanted := n.kinds == nil && tests || slices.ContainsFunc(n.kinds, func(k Kind) bool { return slices.Contains(kinds, k) })
		if wanted && !n.found() {
			out = append(out, n)
		}
	}
	return out
}

func (s *Supervisor) installPackages(ctx context.Context, kinds []Kind, tests bool) (err error) {
	if len(missing(kinds, tests)) == 0 {
		return nil
	}
	unlock, err := s.cache.lock(ctx, "apt")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	lack := missing(kinds, tests)
	if len(lack) == 0 {
		return nil
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("these Debian packages or their like are needed, install them: %s", strings.Join(choose(lack), " "))
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("packages are missing, paste: sudo apt-get install -y --no-install-recommends %s", strings.Join(choose(lack), " "))
	}
	if err := s.aptInstall(apt, lack); err != nil {
		return err
	}
	if still := missing(kinds, tests); len(still) > 0 {
		return fmt.Errorf("installing packages: %s came without what is needed of it", strings.Join(choose(still), " "))
	}
	return nil
}

// aptInstall installs what is missing; apt's lists are fetched only when a
// package is not found in the ones that are there. It is not interrupted: a
// half-configured system is worse than a late exit.
func (s *Supervisor) aptInstall(apt string, lack []need) (err error) {
	allow, err := forbidStart()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, allow()) }()
	install := func() error {
		names := choose(lack)
		s.log.Info("installing with apt-get", "packages", names)
		return aptGet(apt, append([]string{"install", "-y", "--no-install-recommends"}, names...)...)
	}
	if install() == nil {
		return nil
	}
	if err := aptGet(apt, "update"); err != nil {
		return err
	}
	return install()
}

func aptGet(apt string, args ...string) error {
	cmd := exec.Command(apt, append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.SysProcAttr = detached()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("running apt-get %s: %w: %s", args[0], err, lines[len(lines)-1])
	}
	return nil
}

// choose names one package per need.
func choose(lack []need) []string {
	var names []string
	for _, n := range lack {
		name := n.packages[0]
		for _, p := range n.packages {
			if out, err := exec.Command("apt-cache", "policy", p).Output(); err == nil && bytes.Contains(out, []byte("Candidate: ")) && !bytes.Contains(out, []byte("Candidate: (none)")) {
				name = p
				break
			}
		}
		names = append(names, name)
	}
	return names
}

// policyFile is asked by Debian's packages whether a service may be started
// after its installation (invoke-rc.d(8)); 101 says no.
const (
	policyFile = "/usr/sbin/policy-rc.d"
	policyText = "#!/bin/sh\n# by datasync's tests, while they install: start no service\nexit 101\n"
)

// forbidStart keeps installed servers from being started by the system until
// allow is called. A policy of somebody else stays as it is.
func forbidStart() (allow func() error, err error) {
	old, err := os.ReadFile(policyFile)
	if err == nil && string(old) != policyText {
		return func() error { return nil }, nil
	}
	if err := os.WriteFile(policyFile, []byte(policyText), 0o755); err != nil {
		return nil, fmt.Errorf("keeping services from being started: %w", err)
	}
	return func() error { return os.Remove(policyFile) }, nil
}
