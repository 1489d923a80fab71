package main

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// writeArchive writes a zip or a tar.gz, as the path ends.
func writeArchive(path string, files []file, at time.Time) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create an archive: %w", err)
	}
	defer func() {
		if closed := out.Close(); err == nil && closed != nil {
			err = fmt.Errorf("write %s: %w", path, closed)
		}
	}()
	buffer := bufio.NewWriter(out)
	if strings.HasSuffix(path, ".zip") {
		err = writeZip(buffer, files, at)
	} else {
		err = writeTarGz(buffer, files, at)
	}
	if err == nil {
		err = buffer.Flush()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeTarGz(out io.Writer, files []file, at time.Time) error {
	compressed := gzip.NewWriter(out) // without name and time
	if err := writeTar(compressed, files, at); err != nil {
		return err
	}
	return compressed.Close()
}

// writeTar writes files in their order, owned by whom each file says.
func writeTar(out io.Writer, files []file, at time.Time) error {
	archive := tar.NewWriter(out)
	for _, f := range files {
		content, err := f.read()
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: f.name, Mode: int64(f.mode), Size: int64(len(content)), Typeflag: tar.TypeReg,
			ModTime: at, Uid: f.owner, Gid: f.owner, Format: tar.FormatPAX,
		}
		if strings.HasSuffix(f.name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func writeZip(out io.Writer, files []file, at time.Time) error {
	archive := zip.NewWriter(out)
	for _, f := range files {
		content, err := f.read()
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		if strings.HasSuffix(f.name, "/") {
			header.Method = zip.Store
			header.SetMode(f.mode | os.ModeDir)
		}
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	return archive.Close()
}
