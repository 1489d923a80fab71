package tenant

import "strings"

func tellImage(r *row, s *scene, a *activity) {
	tellFields(r, s, a)
	a.action = "ImageLoaded"
}

// ofImage gives what is the same in all copies of an image.
func ofImage(f func(key uint64) string) valueFunc {
	return text(func(r *row) string { return f(deriveText(1, r.activity().told[0])) })
}

var imageColumns = valueFuncs{
	"FileName": field(0),
	"FolderPath": text(func(r *row) string {
		separator := `\`
		if !r.device.kind.windows() {
			separator = "/"
		}
		return strings.TrimSuffix(toldBy(r, 1), separator) + separator + toldBy(r, 0)
	}),
	"SHA1":     ofImage(func(key uint64) string { return hexText(key, 40) }),
	"SHA256":   ofImage(func(key uint64) string { return hexText(derive(key, 1), 64) }),
	"MD5":      ofImage(func(key uint64) string { return hexText(derive(key, 2), 32) }),
	"FileSize": long(func(r *row) int64 { return int64(20_000 + deriveText(1, r.activity().told[0])%3_000_000) }),
}

// Scenes of DeviceImageLoadEvents: weight|kinds|who|program|image|folder.
var imageScenes = newScenes(2, `
6|c|user|msedge.exe|msedge.dll|C:\Program Files (x86)\Microsoft\Edge\Application
5|c|user|OUTLOOK.EXE|mso.dll|C:\Program Files\Common Files\Microsoft Shared\Office16
3|c|user|WINWORD.EXE|vbe7.dll|C:\Program Files\Common Files\Microsoft Shared\VBA\VBA7.1
2|cj|user|powershell.exe|System.Management.Automation.ni.dll|C:\Windows\assembly\NativeImages_v4.0.30319_64
1|c|user|setup.exe|upd{hex}.dll|{home}\AppData\Local\Temp
8|w|system|svchost.exe|wer.dll|C:\Windows\System32
5|w|system|MsMpEng.exe|mpengine.dll|C:\ProgramData\Microsoft\Windows Defender\Definition Updates
4|w|network|svchost.exe|dnsapi.dll|C:\Windows\System32
`)
