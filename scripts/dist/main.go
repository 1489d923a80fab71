package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	var r release
	epoch := flag.Int64("epoch", 0, "`seconds` since 1970 that all files get as their time")
	flag.StringVar(&r.version, "version", "", "version of the release")
	flag.StringVar(&r.commit, "commit", "", "commit that it is built from")
	flag.StringVar(&r.stage, "stage", "", "`directory` with what was built: bin/OS_ARCH and share")
	flag.StringVar(&r.out, "out", "dist", "`directory` for what is written")
	flag.Parse()
	r.time = time.Unix(*epoch, 0).UTC()
	for _, platform := range flag.Args() {
		system, architecture, _ := strings.Cut(platform, "/")
		r.platforms = append(r.platforms, target{system, architecture})
	}
	if len(r.platforms) == 0 || r.version == "" || r.stage == "" {
		fmt.Fprintln(os.Stderr, "usage: dist -version 0.1.0 -commit HASH -epoch SECONDS -stage DIRECTORY [-out dist] OS/ARCH...")
		os.Exit(2)
	}
	if err := pack(r); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

// pack writes everything but the packages of Linux, which nfpm makes.
func pack(r release) error {
	modules, err := readModules(r.programs())
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.notices(), notices(modules), 0o644); err != nil { //nolint:gosec // everybody may read it
		return fmt.Errorf("write the notices: %w", err)
	}
	if err := writeSBOM(filepath.Join(r.out, r.name()+".sbom.cdx.json"), r, modules); err != nil {
		return err
	}
	for _, p := range r.platforms {
		files, err := r.archiveFiles(p)
		if err != nil {
			return err
		}
		if err := writeArchive(filepath.Join(r.out, r.archiveName(p)), files, r.time); err != nil {
			return err
		}
	}
	return writeImage(filepath.Join(r.out, r.name()+"_image.tar"), r)
}
