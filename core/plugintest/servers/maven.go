package servers

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

//go:embed pom
var poms embed.FS

// Cache entries. The versions are those of the poms.
const (
	kafkaEntry = "kafka-4.3.1"
	mysqlEntry = "mysql-8.0.31"

	postgresqlEntry = "postgresql-18.3.0"
)

// kafkaJars gives the folder with the broker's class path.
func (s *Supervisor) kafkaJars(ctx context.Context) (string, error) {
	return s.cache.entry(ctx, kafkaEntry, func(dir string) error {
		return s.maven(ctx, "kafka", dir)
	})
}

// mysqlHome gives the folder with bin, lib and share of the MySQL server.
func (s *Supervisor) mysqlHome(ctx context.Context) (string, error) {
	if runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("the packaged mysql server runs on amd64 only, not on %s", runtime.GOARCH)
	}
	return s.cache.entry(ctx, mysqlEntry, func(dir string) error {
		return s.unpackMaven(ctx, "mysql", "mysql-Linux-amd64.tar.gz", dir)
	})
}

// unpackMaven unpacks into dir the archive inside the one jar of pom/name.xml.
func (s *Supervisor) unpackMaven(ctx context.Context, name, archive, dir string) error {
	if err := s.maven(ctx, name, dir); err != nil {
		return err
	}
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	if err != nil || len(jars) != 1 {
		return errors.Join(err, fmt.Errorf("unpacking %s: found %d jars, expected one", name, len(jars)))
	}
	if err := unpackJar(ctx, jars[0], archive, dir); err != nil {
		return fmt.Errorf("unpacking %s: %w", name, err)
	}
	return os.Remove(jars[0])
}

// maven copies the jars of pom/name.xml and all they need into dir. Maven finds
// repositories and proxies in its own settings.
func (s *Supervisor) maven(ctx context.Context, name, dir string) error {
	s.log.Info("fetching with maven", "what", name)
	pom, err := poms.ReadFile("pom/" + name + ".xml")
	if err != nil {
		return err
	}
	work, err := s.folder("maven")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), pom, 0o644); err != nil {
		return err
	}
	return s.run(ctx, program{
		name: "mvn for " + name, path: "mvn", dir: work, log: filepath.Join(work, "log"),
		args: []string{"-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=" + dir},
	})
}

// unpackJar unpacks the archive called name inside a jar: a tar.gz, or a txz,
// for which the xz program is needed.
func unpackJar(ctx context.Context, jar, name, dir string) error {
	z, err := zip.OpenReader(jar)
	if err != nil {
		return err
	}
	defer z.Close()
	f, err := z.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if strings.HasSuffix(name, ".txz") {
		return untarXZ(ctx, f, root)
	}
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return untar(tar.NewReader(gz), root)
}

func untarXZ(ctx context.Context, f io.Reader, root *os.Root) error {
	xz := exec.CommandContext(ctx, "xz", "-dc")
	xz.Stdin = f
	out, err := xz.StdoutPipe()
	if err != nil {
		return err
	}
	if err := xz.Start(); err != nil {
		return err
	}
	err = untar(tar.NewReader(out), root)
	if err != nil {
		return errors.Join(err, xz.Process.Kill(), xz.Wait())
	}
	if _, err := io.Copy(io.Discard, out); err != nil { // padding after the archive's end
		return errors.Join(err, xz.Wait())
	}
	return xz.Wait()
}

func untar(t *tar.Reader, root *os.Root) error {
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(h.Name)
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeSymlink:
			if !strings.HasPrefix(h.Linkname, "/") { // some name the packager's own machine
				err = root.Symlink(h.Linkname, name)
			}
		case tar.TypeReg:
			err = writeFile(root, name, t, os.FileMode(h.Mode&0o755|0o644))
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(root *os.Root, name string, r io.Reader, mode os.FileMode) (err error) {
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r)
	return err
}
