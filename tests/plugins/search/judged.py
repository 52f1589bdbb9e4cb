"""Searches, and what a person would want to see first: titles with seeders, age in days, and a grade from 0 to 3."""

from typing import NamedTuple


class Judged(NamedTuple):
    title: str
    seeders: int
    age_days: int
    grade: int


JUDGED: dict[str, list[Judged]] = {
    "big buck bunny": [
        Judged("Big.Buck.Bunny.2008.1080p.BluRay.x264-NTb", 420, 300, 3),
        Judged("Big Buck Bunny 2008 2160p UHD WEB-DL", 80, 900, 3),
        Judged("big_buck_bunny_720p_stereo.avi", 35, 2000, 2),
        Judged("Open Movies - Elephants Dream, Sintel, Big Buck Bunny, Tears of Steel", 60, 700, 2),
        Judged("Big Buck Bunny Soundtrack FLAC", 5, 1500, 1),
        Judged("Big Buck Bunny", 0, 4000, 1),
        Judged("The Big Buck Hunter Bunny Edition", 2, 2000, 0),
        Judged("Bunny Big Buck", 0, 3000, 0),
    ],
    "ubuntu": [
        Judged("ubuntu-24.04.1-desktop-amd64.iso", 3000, 60, 3),
        Judged("ubuntu-22.04.4-live-server-amd64.iso", 900, 300, 3),
        Judged("Ubuntu Unleashed 2019 Edition PDF", 20, 1800, 1),
        Judged("ubuntu-8.04-desktop-i386.iso", 1, 5500, 1),
        Judged("Learn Linux: Debian, Fedora, Arch and Ubuntu for Beginners", 4, 900, 1),
        Judged("Ubuntu", 0, 5000, 0),
        Judged("ubuntu ubuntu ubuntu free download", 0, 2500, 0),
    ],
    "harbour lights s01e02": [
        Judged("Harbour.Lights.S01E02.1080p.WEB-DL.x265-KOG", 210, 20, 3),
        Judged("Harbour.Lights.S01E02.720p.HDTV.x264", 90, 25, 3),
        Judged("Harbour Lights S01E02 480p", 0, 30, 1),
        Judged("S01E02 of Lights over the Old Harbour - a documentary", 8, 300, 0),
        Judged("Harbour Lights S01E02 reaction and review podcast", 3, 20, 1),
        Judged("Lights of the Harbour S01E02 fan cut", 0, 800, 0),
    ],
    "matrix": [
        Judged("The.Matrix.1999.2160p.UHD.BluRay.x265", 1500, 1200, 3),
        Judged("The Matrix (1999) 1080p BrRip x264", 700, 4000, 3),
        Judged("Matrix Algebra for Engineers PDF", 12, 2000, 1),
        Judged("Matrix", 0, 5000, 0),
        Judged("matrix screensaver", 1, 5000, 0),
        Judged("Best of 1999: Fight Club, The Matrix, American Beauty, Magnolia", 15, 3000, 1),
        Judged("The.Matrix.Reloaded.2003.1080p.BluRay", 400, 1500, 2),
    ],
    "python programming": [
        Judged("Python Programming 4th Edition 2024 PDF", 140, 200, 3),
        Judged("Python.Programming.for.Beginners.2023.EPUB", 60, 500, 3),
        Judged("Programming Python 2.4 (2006)", 1, 5500, 1),
        Judged("Monty Python - Programming Note, BBC 1969", 6, 3000, 0),
        Judged("Mega pack of programming books: Java, C++, Perl, Ruby, Python and more", 75, 1500, 2),
        Judged("python programming", 0, 4000, 0),
    ],
    '"master of puppets"': [
        Judged("Metallica - Master of Puppets (1986) [FLAC]", 300, 1000, 3),
        Judged("Metallica.Master.of.Puppets.Remastered.MP3.320kbps", 120, 2000, 3),
        Judged("Master of Puppets cover by a school band", 0, 2000, 0),
        Judged("Metallica Discography 1983-2016 incl. Master of Puppets, Load, Reload", 90, 1800, 2),
        Judged("Master of Puppets guitar tabs PDF", 2, 2500, 1),
    ],
    "inter": [
        Judged("Interstellar.2014.1080p.BluRay.x264", 2500, 3500, 3),
        Judged("Inter Milan vs Juventus 2024 720p", 30, 100, 2),
        Judged("Interview with the Vampire S02E01 1080p WEB", 180, 150, 2),
        Judged("inter", 0, 4000, 0),
        Judged("A short history of the international postal union", 1, 4000, 0),
    ],
    "amelie": [
        Judged("Le Fabuleux Destin d'Amélie Poulain 2001 1080p", 260, 2500, 3),
        Judged("Amélie (2001) 720p BluRay", 140, 3000, 3),
        Judged("Amelie soundtrack - Yann Tiersen MP3", 25, 3500, 2),
        Judged("amelie", 0, 5000, 0),
        Judged("Amelie Amelie Amelie wallpaper pack", 0, 5000, 0),
    ],
    "進撃の巨人": [
        Judged("進撃の巨人 第1話 1080p", 320, 900, 3),
        Judged("[Sub] 進撃の巨人 Season 2 BD", 150, 1500, 3),
        Judged("進撃の巨人", 0, 3500, 1),
        Judged("アニメ主題歌集 2013 (紅蓮の弓矢 - 進撃の巨人 OP ほか)", 4, 3000, 1),
    ],
    "star trek OR star wars": [
        Judged("Star.Wars.1977.1080p.BluRay.x265", 800, 1500, 3),
        Judged("Star Trek Into Darkness 2013 1080p", 300, 2500, 3),
        Judged("Star Wars vs Star Trek - the great debate", 0, 3000, 1),
        Judged("A star is born 2018: from trek to stage, the wars of fame", 2, 1500, 0),
        Judged("Star Trek", 0, 4500, 1),
    ],
    "running": [
        Judged("Running.Man.1987.1080p.BluRay", 200, 1500, 3),
        Judged("Born to Run - the running book EPUB", 40, 1800, 2),
        Judged("run", 0, 5000, 0),
        Judged("The art of running a small cafe and other stories from the coast", 3, 2000, 1),
        Judged("Running on empty running on fumes running scared", 0, 2500, 0),
    ],
}
