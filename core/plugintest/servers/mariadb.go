package servers

import (
	"context"
	"fmt"
	"os/exec"
)

// mariadbUsers replaces the accounts that mariadb-install-db makes: its
// password-less root@127.0.0.1 and root@hostname hide root@'%'. It runs in
// bootstrap mode, where grants work only after FLUSH PRIVILEGES.
func mariadbUsers() string {
	return fmt.Sprintf(`DELETE FROM mysql.global_priv WHERE User IN ('', 'root');
FLUSH PRIVILEGES;
CREATE USER '%s'@'%%' IDENTIFIED VIA mysql_native_password USING PASSWORD('%s');
GRANT ALL ON *.* TO '%[1]s'@'%%' WITH GRANT OPTION;
CREATE USER '%[3]s'@'%%' IDENTIFIED VIA mysql_native_password USING PASSWORD('%[4]s');
GRANT ALL ON *.* TO '%[3]s'@'%%';
`, RootUser, RootPassword, NativeUser, NativePassword)
}

func newMariaDBEngine(s *Supervisor, dir string, o options) engine {
	e := &sqlEngine{s: s, name: "mariadbd", dir: dir, opts: o}
	e.setup = func(ctx context.Context) (build, error) {
		path, err := find("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd")
		if err != nil {
			return build{}, err
		}
		template, err := s.mariadbTemplate(ctx)
		return build{path: path, args: []string{"--no-defaults"}, bench: []string{"--innodb-log-file-size=1G"}, template: template}, err
	}
	return e
}

// mariadbTemplate gives an initialised data folder with the accounts of users.go.
func (s *Supervisor) mariadbTemplate(ctx context.Context) (string, error) {
	path, err := find("mariadbd", "/usr/sbin/mariadbd", "/usr/libexec/mariadbd")
	if err != nil {
		return "", err
	}
	version, err := exec.Command(path, "--no-defaults", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("asking mariadbd for its version: %w", err)
	}
	return s.cache.entry(ctx, "mariadb-data-"+fingerprint(mariadbUsers(), string(version), "1"), func(dir string) error {
		s.log.Info("initialising mariadb")
		return s.initialise(ctx, dir, mariadbUsers(), func(users string) program {
			return program{
				name: "mariadb-install-db", path: "mariadb-install-db",
				args: []string{"--no-defaults", "--datadir=" + dir, "--auth-root-authentication-method=normal",
					"--skip-test-db", "--extra-file=" + users, "--innodb-use-native-aio=OFF", "--innodb-log-file-size=16M"},
			}
		})
	})
}

// find gives the path of a program that may be outside of PATH.
func find(name string, places ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, p := range places {
		if exists(p) {
			return p, nil
		}
	}
	return "", err
}
