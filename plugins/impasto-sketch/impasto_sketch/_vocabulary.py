"""The words the sketcher knows, in English, German, French, Spanish and some Chinese.

The first word of a line is the name that the code knows it by. Plurals in -s, -es, -n and -en need not be listed, nor accents.
"""

TIMES = """
dawn sunrise daybreak morning morgen morgenrot aube aurore matin amanecer alba manana 朝
noon day midday daylight daytime mittag midi mediodia tag jour dia sunny sonnig ensoleille soleado
sunset sundown sonnenuntergang coucher atardecer ocaso puesta
dusk twilight evening gloaming abend daemmerung dammerung crepuscule soir anochecer tarde
night nighttime midnight moonlit moonlight starry nocturnal nocturne nacht mitternacht nuit minuit noche medianoche 夜
"""

WEATHERS = """
rain rainy raining drizzle wet shower regen pluie pluvieux lluvia 雨
storm stormy tempest thunder thunderstorm lightning hurricane sturm gewitter orage tempete tormenta
fog foggy mist misty haze hazy nebel brouillard brume niebla bruma
clouds cloud cloudy overcast wolke wolken nuage nuageux nube nublado 雲
snowfall snowing blizzard schneesturm
aurora auroras borealis polarlicht nordlicht boreal
rainbow regenbogen arc-en-ciel arcoiris
wind windy breezy vent viento 風
"""

SEASONS = """
spring springtime fruhling frueling fruehling printemps primavera 春
summer summertime sommer ete verano 夏
autumn fall autumnal herbst automne otono 秋
winter wintry winterly hiver invierno snow snowy snowcapped frozen frost frosty ice icy schnee verschneit neige enneige nieve 冬 雪
"""

MOODS = """
calm quiet peaceful serene tranquil still gentle ruhig stille calme tranquille tranquilo silencio
joyful happy cheerful bright merry fröhlich froehlich joyeux alegre feliz vivid vibrant
lonely sad melancholy melancholic solitary gloomy sombre somber lost einsam traurig seul triste solo solitario
dramatic epic fierce wild angry dark darkness dunkel sombrio oscuro
dreamy magical magic mystical fantasy enchanted dream surreal traum reve sueno
"""

PLACES = """
sea ocean waves wave coast coastal seaside meer ozean mer mar oceano costa 海
lake pond see teich lac etang lago estanque reflection reflections 湖
river stream creek canal brook fluss bach riviere fleuve rio arroyo 川 江
mountain peak alps alpine mount highlands himalaya berg berge gebirge alpen montagne montana montanas sierra 山
hills hill valley countryside landscape huegel hugel tal colline vallee colina valle landschaft paysage paisaje
desert dune sahara wuste wueste wüste desierto
forest wood woods woodland jungle grove wald foret bois bosque selva 森 林
field meadow pasture prairie grassland farm feld wiese champ prairie pre campo prado
city town street downtown skyline metropolis skyscraper urban paris london tokyo berlin madrid stadt strasse ville rue ciudad calle 街
village hamlet dorf bourg pueblo aldea 村
island isle atoll insel ile isla 島 岛
cliff crag klippe falaise acantilado
garden park yard garten jardin parc jardin parque 園
beach shore sand strand plage playa arena
space cosmos cosmic galaxy universe nebula interstellar weltraum weltall galaxie espace espacio galaxia orbit
underwater undersea reef coral aquarium unterwasser corail arrecife
interior indoors kitchen table stilllife still-life stilleben stillleben nature-morte bodegon room tisch cuisine cocina mesa
volcano lava vulkan volcan
waterfall cascade falls wasserfall chute cascada
"""

COLOURS = """
e0302a red crimson scarlet ruby rot rouge rojo roja rote roter rotes
f08a24 orange tangerine naranja anaranjado
f6cf3c yellow lemon-yellow gelb gelbe jaune amarillo amarilla
e9b23c golden gold goldene dore doree dorado dorada amber
4f9a45 green emerald gruen grun grune vert verte verde
1f9a98 teal turquoise turkis tuerkis turquesa cyan aqua
2f62c4 blue azure cobalt blau blaue blauer bleu bleue azul navy indigo sapphire
7b4aa8 purple violet lila violett violette pourpre morado purpura lavender-blue magenta
f08fb0 pink rose-coloured rosa rosy salmon
8a5a38 brown chestnut braun brun marron
f5f1e6 white ivory weiss weisse blanc blanche blanco blanca
2a2a34 black schwarz schwarze noir noire negro negra
8b919c grey gray silver silbern gris argent plateado
"""

MOTIFS = """
lighthouse beacon leuchtturm phare faro
sailboat sailing sail yacht regatta sailship segelboot voilier velero
boat rowboat canoe gondola boot ruderboot barque bateau barca bote kahn 舟
ship galleon steamer ferry schiff navire barco buque 船
house cottage hut cabin home barn haus hutte maison chalet casa cabana 家
castle fortress palace citadel burg schloss chateau castillo 城
tower turm tour torre 塔
church chapel cathedral kirche eglise cathedrale iglesia catedral
bridge brucke bruecke pont puente 橋 桥
windmill mill windmuhle windmuehle muhle moulin molino
tree oak maple apple-tree pear-tree birch willow baum baume arbre chene arbol roble 木 树
pine pine-tree fir-tree fir spruce conifer tanne kiefer sapin pin pino abeto
palm palm-tree palme palmier palmera
blossom cherry cherry-tree cherry-blossom sakura apple-blossom kirschbaum kirschblute cerisier cerezo almond-tree 桜 樱
cypress cypress-tree zypresse cypres cipres
cactus cacti saguaro kaktus
mushroom toadstool fungi pilz pilze champignon seta hongo 菌
sunflower sonnenblume tournesol girasol
poppy mohn mohnblume coquelicot amapola
tulip tulpe tulipe tulipan
lavender lavendel lavande lavanda
flower wildflower daisy blossoms rose roses blume fleur flor bloom 花
moon crescent mond lune luna 月
sun sonne soleil sol 日
star stern sterne etoile estrella constellation milky-way stars 星
bird gull seagull swallow crow geese vogel voegel oiseau pajaro ave 鳥 鸟
fish goldfish fisch poisson pez peces 魚 鱼
whale wal baleine ballena orca humpback
dolphin delfin dauphin
cat kitten kater katze chat chaton gato gata 猫
fox red-fox vixen fuchs renard zorro 狐
dog puppy hund chien perro wolf wolves loup lobo 犬 狗
horse pony stallion mare pferd cheval chevaux caballo unicorn 馬 马
deer stag hirsch reh cerf ciervo elk moose
rabbit hare bunny hase kaninchen lapin conejo 兎 兔
sheep lamb lambs schaf mouton oveja 羊
owl eule hibou buho
balloon hot-air-balloon ballon heissluftballon montgolfiere globo
kite drachen cerf-volant cometa
train locomotive railway zug tren
rocket spaceship spacecraft rakete fusee cohete
planet saturn jupiter mars planete planeta
astronaut cosmonaut spaceman astronaute astronauta
robot android roboter
umbrella parasol regenschirm parapluie paraguas
person man woman girl boy child people traveller traveler wanderer figure monk couple mensch mann frau kind personne homme femme fille persona hombre mujer nina nino 人
lantern lanterns laterne lanterne farol linterna
teapot kettle teekanne theiere tetera
cup mug coffee tea tasse taza tee cafe
vase bouquet blumenstrauss florero jarron
lemon lime zitrone citron limon
apple pear peach fruit orange-fruit apfel obst pomme fruits manzana fruta
bottle wine flasche bouteille botella
candle kerze bougie vela
fire campfire bonfire flame feuer lagerfeuer feu fuego hoguera 火
"""

NUMBERS = """
1 a an one single lone ein eine einer un une una uno
2 two pair couple-of both twin zwei deux dos
3 three trio drei trois tres
4 four vier quatre cuatro
5 five several many funf fuenf cinq cinco some group flock herd mehrere viele plusieurs muchos
6 six half-dozen sechs seis
7 seven dozen sieben sept siete
"""

# Where a thing stands when the prompt names no place.
HOMES = """
sea lighthouse sailboat ship whale dolphin
lake boat fish bridge
hills castle tower house church tree pine cypress horse deer sheep train balloon kite moon sun star bird person lantern robot cat dog rabbit fox owl blossom fire
field windmill sunflower poppy tulip lavender flower
beach palm
desert cactus
forest mushroom
city umbrella
space rocket planet astronaut
interior teapot cup vase lemon apple bottle candle
"""
